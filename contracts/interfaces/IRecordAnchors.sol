// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The anchored streams of the gateways, and marks on records
/// @notice One stream per gateway (an agency with an ANCHOR key). Batches count from 1, sequences from 1 without a gap.
/// The head after a batch is keccak256(abi.encode(head before, gateway, batch, root, leafCount, firstSequence)), zero
/// before batch 1; of a batch one storage word is kept, keccak256(abi.encode(root, leafCount, firstSequence, block time)).
/// This contract's domain is also that of every statement signed off chain.
/// A successor continues the streams of its predecessor: a gateway's first batch in it follows, by number, sequence and
/// head, the last one that stands in the predecessor then, which seals the stream there. Marks and repudiations go over.
interface IRecordAnchors {
    /// @notice Where a gateway's stream stands.
    /// @param head Head after the newest batch, zero if there is none.
    /// @param batchCount Number of the newest batch, 0 if there is none.
    /// @param nextSequence Sequence that the next batch must begin with.
    struct Stream {
        bytes32 head;
        uint64 batchCount;
        uint64 nextSequence;
    }

    /// @notice Signed by `key`, a SUBMIT key; the mark is its agency's.
    /// @param key Key that signs.
    /// @param recordId Record, 32 random bytes.
    /// @param version Version of the record, 0 = all versions.
    /// @param mark 1 withdrawn, 2 corrected, 3 disputed, 4 erased, 5 hold.
    /// @param reason Code of the reason, not 0.
    /// @param nonce Keyed nonce of `key`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct Mark {
        address key;
        bytes32 recordId;
        uint32 version;
        uint8 mark;
        uint16 reason;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `admin`, an ADMIN key of the gateway's agency; the governor sends it.
    /// @param admin Key that signs.
    /// @param batch Number of the batch in the gateway's stream.
    /// @param reason Code of the reason, not 0.
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct Repudiate {
        address admin;
        uint64 batch;
        uint16 reason;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice A gateway anchored a batch.
    /// @param gateway Agency that runs the gateway.
    /// @param batch Number of the batch in its stream, from 1.
    /// @param root Merkle root of the batch's entries.
    /// @param leafCount Number of entries, 1 to 65,536.
    /// @param firstSequence Sequence of the first entry.
    /// @param head Head of the stream after this batch.
    event Anchored(
        uint32 indexed gateway,
        uint64 indexed batch,
        bytes32 root,
        uint32 leafCount,
        uint64 firstSequence,
        bytes32 head
    );

    /// @notice An agency marked a record. Only marks of the record's publisher count; others are shown as theirs.
    /// @param agency Agency that marks.
    /// @param recordId Record.
    /// @param version Version of the record, 0 = all versions.
    /// @param mark 1 withdrawn, 2 corrected, 3 disputed, 4 erased, 5 hold.
    /// @param reason Code of the reason; with a hold, 6 says that it is released.
    event Marked(
        uint32 indexed agency,
        bytes32 indexed recordId,
        uint32 version,
        uint8 mark,
        uint16 reason
    );

    /// @notice A gateway and the governor say that a batch is not the gateway's (a stolen ANCHOR key). It stays visible.
    /// @param gateway Agency that runs the gateway.
    /// @param batch Number of the batch.
    /// @param reason Code of the reason.
    event BatchRepudiated(uint32 indexed gateway, uint64 indexed batch, uint16 reason);

    /// @notice The key may not act in this role now.
    /// @param key The key.
    /// @param role Number of the role.
    error KeyNotEntitled(address key, uint8 role);
    /// @notice A root must not be zero.
    error RootMissing();
    /// @notice A batch has 1 to 65,536 entries.
    error LeafCountInvalid(uint32 leafCount);
    /// @notice The batch does not begin where the stream ended.
    error SequenceNotNext(uint64 firstSequence, uint64 nextSequence);
    /// @notice No mark has this code.
    error MarkUnknown(uint8 mark);
    /// @notice A record id must not be zero.
    error RecordIdMissing();
    /// @notice A mark needs a reason.
    error ReasonMissing();
    /// @notice The agency has set this mark before.
    error MarkAlreadySet(uint32 agency, bytes32 recordId, uint32 version, uint8 mark);
    /// @notice The agency has no hold on exactly this version that it could release.
    error HoldNotSet(uint32 agency, bytes32 recordId, uint32 version);

    /// @notice The gateway's stream has no batch of this number.
    error BatchUnknown(uint32 gateway, uint64 batch);
    /// @notice A predecessor must ask the same registry which key may do what.
    error PredecessorForeign(address predecessor);
    /// @notice The batch is repudiated already.
    error BatchAlreadyRepudiated(uint32 gateway, uint64 batch);

    /// @notice Anchor the next batch of the caller's agency; an ANCHOR key sends it itself.
    /// @param root Merkle root of the batch's entries, not zero.
    /// @param leafCount Number of entries, 1 to 65,536.
    /// @param firstSequence Sequence of the first entry, the stream's next.
    function anchor(bytes32 root, uint32 leafCount, uint64 firstSequence) external;

    /// @notice Mark a record. A mark is set once and stays; a hold alone is released, by a hold with reason 6, and may
    /// be set again.
    /// @param message The signed message.
    /// @param signature Signature of `message.key`.
    function mark(Mark calldata message, bytes calldata signature) external;

    /// @notice Repudiate a batch, for ever; the governor sends what an ADMIN of the gateway has signed.
    /// @param message The signed message.
    /// @param signature Signature of `message.admin`.
    function repudiate(Repudiate calldata message, bytes calldata signature) external;

    /// @notice Where a gateway's stream stands now; in the predecessor, as long as nothing is anchored here.
    function head(uint32 gateway) external view returns (Stream memory);

    /// @notice The storage word of a batch, the predecessor's for one that was anchored there, zero if there is none.
    function word(uint32 gateway, uint64 batch) external view returns (bytes32);

    /// @notice Whether a batch of a gateway was repudiated.
    function isRepudiated(uint32 gateway, uint64 batch) external view returns (bool);

    /// @notice The marks of an agency that stand on exactly this version (bit i = mark i; version 0 = all versions).
    function marks(uint32 agency, bytes32 recordId, uint32 recordVersion) external view returns (uint256);

    /// @notice The contract that says which key may do what.
    function registry() external view returns (address);

    /// @notice The RecordAnchors whose streams this one continues, zero for the first.
    function predecessor() external view returns (address);
}
