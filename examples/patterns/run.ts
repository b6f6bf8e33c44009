import { isDeepStrictEqual } from 'node:util';
import { openHome } from '../retail/home';
import { EXAMPLES, type ExampleName, playExample } from './play';

/** `npm run example -- <name>`: plays one pattern's example on an embedded Postgres and prints what happened. */
async function main(): Promise<number> {
  const [name] = process.argv.slice(2);
  if (!EXAMPLES.includes(name as ExampleName)) {
    process.stderr.write(`npm run example -- <${EXAMPLES.join('|')}>\n`);
    return 2;
  }
  const home = await openHome();
  try {
    let same = true;
    for (const one of await playExample(name as ExampleName, home.ownerUrl)) {
      const lines = one.told.map((step, i) => `  ${i + 1}. ${step}`);
      const end = one.code ?? JSON.stringify(one.output);
      process.stdout.write(`${one.expected.case}\n${lines.join('\n')}\n  ${one.status}: ${end}\n\n`);
      same &&=
        one.status === one.expected.status && isDeepStrictEqual([...one.steps].sort(), [...one.expected.steps].sort());
    }
    return same ? 0 : 1;
  } finally {
    await home.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
