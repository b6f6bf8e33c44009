import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkExport } from './verify';
import type { Act } from './act';

const DENIED = '"type":"action.denied"';
/** In the middle of the word: what stays is canonical JSON, and reads as if somebody else had been refused. */
const WORD = 'agent:messaging';
const PLACE = 'agent:'.length;

export const tamper: Act = {
  name: 'tamper',
  title: 'One byte is changed in a copy',
  async run(world, story) {
    const { stage } = world;
    if (!story.exported) throw new Error('nothing has been exported');
    const bytes = readFileSync(story.exported.file);
    // The file is ASCII but for what people typed, so offsets are counted in bytes.
    const text = bytes.toString('latin1');
    const start = text.lastIndexOf('\n', text.indexOf(DENIED)) + 1;
    const end = text.indexOf('\n', start);
    const line = text.slice(start, end);
    const { id } = JSON.parse(bytes.subarray(start, end).toString('utf8')) as { readonly id: string };
    const at = start + line.indexOf(WORD) + PLACE;
    stage.claim(line.includes(DENIED) && at > start + PLACE, `event ${id} says that messaging was refused`);
    const copy = Buffer.from(bytes);
    copy[at] = 'x'.charCodeAt(0);
    const file = join(world.home.folder, 'changed.ndjson');
    writeFileSync(file, copy);
    const around = (text: Buffer): string => text.subarray(at - PLACE, at + WORD.length - PLACE).toString('latin1');
    stage.say(`byte ${at} of the copy: ${around(bytes)} becomes ${around(copy)}`);

    const { code, report } = await stage.while('writ audit verify', checkExport(world, file));
    const [first] = report.problems;
    stage.claim(code === 8 && report.verdict === 'broken', 'writ audit verify ends with exit code 8');
    stage.claim(
      first?.event === id && first.byte === start,
      `it names the event and its place: ${first?.fault} at index ${first?.index}, event ${first?.event}, byte ${first?.byte}`,
    );
    stage.say(stage.paint.dim(`expected ${first?.expected ?? ''}`));
    stage.say(stage.paint.dim(`found    ${first?.found ?? ''}`));
    const again = await checkExport(world, story.exported.file);
    stage.claim(again.code === 0, 'and the original still holds');
    return { changed_byte: at, event: id, index: first?.index ?? null, fault: first?.fault ?? null };
  },
};
