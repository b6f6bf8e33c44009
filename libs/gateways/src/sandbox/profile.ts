/** How a function is confined while it runs. */
export interface SandboxProfile {
  /** `none`: it reaches no network, not even this machine. */
  readonly network: 'none' | 'open';
  /** `none`: it reads its own code and nothing else; `read`: any file the worker may read. It never writes one. */
  readonly files: 'none' | 'read';
  /** Most memory it may use, in mebibytes, beside what a process needs to exist. */
  readonly memoryMb: number;
  /** Milliseconds it may take, whatever its definition allows. */
  readonly timeMs: number;
}
