// Lets npm's @transmute/rfc9162 judge proofs: a JSON list of claims on standard input (bytes as
// base64), a list of as many reasons on standard output, empty where a claim holds.
//
// Claim: {index, size, entry, root, proof} or {old, size, old_root, root, proof}.
import { readFileSync } from 'node:fs'
import rfc9162 from '@transmute/rfc9162'

const { leaf, verifyConsistencyProof, verifyInclusionProof } = rfc9162.RFC9162
const bytes = (text) => new Uint8Array(Buffer.from(text, 'base64'))

async function holds(claim) {
  const root = bytes(claim.root)
  const path = claim.proof.map(bytes)
  if (claim.index !== undefined) {
    return verifyInclusionProof(root, await leaf(bytes(claim.entry)), {
      tree_size: claim.size,
      leaf_index: claim.index,
      inclusion_path: path,
    })
  }
  // Step 2 of RFC 9162 section 2.1.4.2, which this library leaves to its caller: where the old tree
  // is one complete subtree, its root begins the path.
  const oldRoot = bytes(claim.old_root)
  if (Number.isInteger(Math.log2(claim.old))) path.unshift(oldRoot)
  return verifyConsistencyProof(oldRoot, root, {
    tree_size_1: claim.old,
    tree_size_2: claim.size,
    consistency_path: path,
  })
}

const reasons = []
for (const claim of JSON.parse(readFileSync(0, 'utf8'))) {
  reasons.push((await holds(claim)) ? '' : 'does not verify')
}
process.stdout.write(JSON.stringify(reasons))
