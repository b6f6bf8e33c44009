import fc from 'fast-check';
import { cutSnapshot } from './round-rows';

interface Snapshot {
  readonly xmin: bigint;
  readonly xmax: bigint;
  readonly open: readonly bigint[];
}

const text = ({ xmin, xmax, open }: Snapshot): string => `${xmin}:${xmax}:${open.join(',')}`;
const parse = (snapshot: string): Snapshot => {
  const [xmin = '', xmax = '', open = ''] = snapshot.split(':');
  return { xmin: BigInt(xmin), xmax: BigInt(xmax), open: open === '' ? [] : open.split(',').map(BigInt) };
};
const sees = ({ xmax, open }: Snapshot, xid: bigint): boolean => xid < xmax && !open.includes(xid);

const snapshots = fc
  .tuple(fc.bigInt({ min: 3n, max: 40n }), fc.bigInt({ min: 0n, max: 40n }), fc.array(fc.boolean(), { maxLength: 40 }))
  .map(([xmin, width, flags]): Snapshot => {
    const xmax = xmin + width;
    const open = flags.flatMap((flag, i) => (flag && BigInt(i) < width ? [xmin + BigInt(i)] : []));
    // Postgres has the first open one as xmin, and xmax where none is.
    return { xmin: open[0] ?? xmax, xmax, open };
  });

describe('a snapshot cut off at a transaction', () => {
  it('sees what the whole one sees below it, and nothing from it on', () => {
    fc.assert(
      fc.property(snapshots, fc.bigInt({ min: 3n, max: 90n }), (whole, upto) => {
        fc.pre(upto <= whole.xmax);
        const cut = parse(cutSnapshot(text(whole), String(upto)));
        for (let xid = 1n; xid < 100n; xid++) expect(sees(cut, xid)).toBe(xid < upto && sees(whole, xid));
      }),
    );
  });

  it('is one that Postgres reads: xmin is not above xmax, and what is open lies between', () => {
    fc.assert(
      fc.property(snapshots, fc.bigInt({ min: 3n, max: 90n }), (whole, upto) => {
        fc.pre(upto <= whole.xmax);
        const { xmin, xmax, open } = parse(cutSnapshot(text(whole), String(upto)));
        expect(xmin <= xmax).toBe(true);
        for (const xid of open) expect(xid >= xmin && xid < xmax).toBe(true);
      }),
    );
  });
});
