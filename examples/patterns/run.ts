import { isDeepStrictEqual } from 'node:util';
import { openHome } from '../retail/home';
import { held } from './expected';
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
      const lines = one.told.map((step, i) => `  ${i + 1}. ${step}\n`);
      const { status, code, output } = one.outcome;
      const end = `${status}: ${code ?? JSON.stringify(output)}`;
      process.stdout.write(`${one.expected.case}\n${lines.join('')}  ${end}\n\n`);
      const [came, must] = held(one);
      if (isDeepStrictEqual(came, must)) continue;
      same = false;
      process.stderr.write(`  This is not what ${name}/expected.yaml says: ${JSON.stringify(must)}\n\n`);
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
