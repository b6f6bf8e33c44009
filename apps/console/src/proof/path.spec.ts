import { inclusionProof, leafHash, Tree, verifyInclusion } from '@writ/verify';
import { pathOf } from './path';

const leaves = Array.from({ length: 70 }, (_, i) => leafHash(new TextEncoder().encode(`event ${i}`)));

/** The log's tiles for these leaves: one tile of level 0 is enough. */
const reader = {
  read: ({ width }: { readonly width: number }) =>
    Promise.resolve(Uint8Array.from(leaves.slice(0, width).flatMap((leaf) => [...leaf]))),
};

function rootOf(size: number): Uint8Array {
  const tree = new Tree();
  for (const leaf of leaves.slice(0, size)) tree.append(leaf);
  return tree.root();
}

describe('the path to the root', () => {
  it('ends where the verifier says it does, for every leaf of every small tree', async () => {
    for (const size of [1, 2, 3, 5, 8, 13, 33, 70]) {
      const root = rootOf(size);
      for (let index = 0; index < size; index++) {
        const proof = await inclusionProof(index, size, reader);
        const leaf = leaves[index]!;
        const steps = pathOf({ index, size, leaf, proof });
        expect(steps?.at(-1)?.result ?? leaf).toEqual(root);
        expect(verifyInclusion({ index, size, leafHash: leaf, proof, root })).toBe(true);
      }
    }
  });

  it('is none when the proof is too long or too short', async () => {
    const proof = await inclusionProof(4, 13, reader);
    const leaf = leaves[4]!;
    expect(pathOf({ index: 4, size: 13, leaf, proof: proof.slice(1) })).toBeNull();
    expect(pathOf({ index: 4, size: 13, leaf, proof: [...proof, leaf] })).toBeNull();
    expect(pathOf({ index: 13, size: 13, leaf, proof })).toBeNull();
  });
});
