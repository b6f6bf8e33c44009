import { processIo } from './output/process-io';
import { runCli } from './run-cli';

// Before anything that logs is loaded: a person's terminal is no place for every step of the work.
process.env['WRIT_LOG_LEVEL'] ??= 'warn';

/** A terminal's Ctrl-C reaches us directly and again through the script that started us: the echo is not a second one. */
const ECHO_MS = 500;

const interrupt = new AbortController();
let asked: number | null = null;

function onSignal(signal: NodeJS.Signals): void {
  if (asked === null) {
    asked = Date.now();
    interrupt.abort(signal);
  } else if (Date.now() - asked > ECHO_MS) {
    process.exit(130);
  }
}
process.on('SIGINT', onSignal);
process.on('SIGTERM', onSignal);
process.on('SIGHUP', onSignal);

void runCli(process.argv.slice(2), processIo(), interrupt.signal).then((code) => {
  process.exitCode = code;
  process.off('SIGINT', onSignal);
  process.off('SIGTERM', onSignal);
  process.off('SIGHUP', onSignal);
});
