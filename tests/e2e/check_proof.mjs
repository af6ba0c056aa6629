// Recomputes a proof bundle with ethers and OpenZeppelin's library, and no code of this project.
//   node check_proof.mjs BUNDLE   prints {"recordRoot", "entry", "record", "entryProven", "signer"}
import { readFileSync } from "node:fs";
import { StandardMerkleTree } from "@openzeppelin/merkle-tree";
import { AbiCoder, TypedDataEncoder, concat, id, keccak256, recoverAddress, toUtf8Bytes } from "ethers";

const bundle = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { record, submission, anchor } = bundle;
const encode = (types, values) => AbiCoder.defaultAbiCoder().encode(types, values);

const FIELD = id("FieldV1(bytes32 recordId,string path,string kind,bytes32 salt,string value)");
const RECORD = id("RecordV1(bytes32 recordId,uint32 version,bytes32 previous,bytes32 schemaHash,bytes32[] fields)");
const text = (value) => keccak256(toUtf8Bytes(value));
const fields = record.slots.map((slot) => slot.digest ?? keccak256(encode(
  ["bytes32", "bytes32", "bytes32", "bytes32", "bytes32", "bytes32"],
  [FIELD, record.recordId, text(slot.path), text(slot.kind), slot.salt, text(slot.value)],
)));
const recordRoot = keccak256(encode(
  ["bytes32", "bytes32", "uint32", "bytes32", "bytes32", "bytes32"],
  [RECORD, record.recordId, record.version, record.previous, record.schemaHash, keccak256(concat(fields))],
));

const domain = {
  name: "Gongzhi RecordAnchors", version: "1", chainId: anchor.chainId, verifyingContract: anchor.contract,
};
const types = {
  Submission: [
    ["bytes32", "submissionId"], ["uint32", "gateway"], ["uint32", "publisher"], ["uint32", "item"],
    ["uint32", "itemVersion"], ["bytes32", "schemaHash"], ["uint32", "recordCount"], ["bytes32", "recordsRoot"],
    ["uint64", "signedAt"],
  ].map(([type, name]) => ({ type, name })),
};
const statement = TypedDataEncoder.hash(domain, types, submission.message);
const entry = keccak256(encode(
  ["bytes32", "address", "bytes32", "bytes32"],
  [statement, submission.signer, keccak256(submission.signature), submission.sealedHash],
));

const verify = StandardMerkleTree.verify;
console.log(JSON.stringify({
  recordRoot,
  entry,
  record: verify(
    submission.message.recordsRoot, ["bytes32", "uint32", "bytes32"],
    [record.recordId, record.version, recordRoot], bundle.recordProof,
  ),
  entryProven: verify(anchor.root, ["uint8", "uint64", "bytes32"], [1, bundle.sequence, entry], bundle.entryProof),
  signer: recoverAddress(statement, submission.signature).toLowerCase() === submission.signer,
}));
