// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {TypedMessages} from "./TypedMessages.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IRecordAnchors} from "./interfaces/IRecordAnchors.sol";

/// @title RecordAnchors, as IRecordAnchors documents it
contract RecordAnchors is TypedMessages, Governed, IRecordAnchors {
    bytes32 private constant MARK_TYPEHASH =
        keccak256(
            "Mark(address key,bytes32 recordId,uint32 version,uint8 mark,uint16 reason,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant REPUDIATE_TYPEHASH =
        keccak256("Repudiate(address admin,uint64 batch,uint16 reason,uint256 nonce,uint64 deadline)");
    uint32 private constant MOST_LEAVES = 65_536;
    uint8 private constant LAST_MARK = 5;
    uint8 private constant HOLD = 5;
    uint16 private constant RELEASED = 6;

    IAgencyRegistry private immutable _registry;

    mapping(uint32 gateway => Stream) private _streams;
    mapping(uint32 gateway => mapping(uint64 batch => bytes32)) private _words;
    mapping(uint32 agency => mapping(bytes32 recordId => mapping(uint32 version => uint256))) private _marks;

    mapping(uint32 gateway => mapping(uint64 batch => bool)) private _repudiated;

    /// @param governor_ Who repudiates batches, with their gateway.
    /// @param registry_ The AgencyRegistry of this deployment.
    constructor(
        address governor_,
        address registry_
    ) SigningDomain("Gongzhi RecordAnchors") Governed(governor_) {
        _registry = IAgencyRegistry(_requireContract(registry_));
    }

    /// @inheritdoc IRecordAnchors
    function anchor(bytes32 root, uint32 leafCount, uint64 firstSequence) external {
        uint32 gateway = _entitledAgency(msg.sender, Roles.ANCHOR);
        if (root == bytes32(0)) revert RootMissing();
        if (leafCount == 0 || leafCount > MOST_LEAVES) revert LeafCountInvalid(leafCount);
        Stream storage stream = _streams[gateway];
        uint64 batch = stream.batchCount + 1;
        uint64 next = batch == 1 ? 1 : stream.nextSequence;
        if (firstSequence != next) revert SequenceNotNext(firstSequence, next);

        bytes32 newHead = keccak256(abi.encode(stream.head, gateway, batch, root, leafCount, firstSequence));
        stream.head = newHead;
        stream.batchCount = batch;
        stream.nextSequence = next + leafCount;
        _words[gateway][batch] = keccak256(abi.encode(root, leafCount, firstSequence, uint64(block.timestamp)));
        emit Anchored(gateway, batch, root, leafCount, firstSequence, newHead);
    }

    /// @inheritdoc IRecordAnchors
    function mark(Mark calldata message, bytes calldata signature) external {
        _consume(
            keccak256(abi.encode(MARK_TYPEHASH, message)),
            message.key,
            message.nonce,
            message.deadline,
            signature
        );
        uint32 agency = _entitledAgency(message.key, Roles.SUBMIT);
        if (message.recordId == bytes32(0)) revert RecordIdMissing();
        if (message.mark == 0 || message.mark > LAST_MARK) revert MarkUnknown(message.mark);
        if (message.reason == 0) revert ReasonMissing();
        uint256 before = _marks[agency][message.recordId][message.version];
        uint256 bit = uint256(1) << message.mark;
        bool isSet = before & bit != 0;
        if (message.mark == HOLD && message.reason == RELEASED) {
            if (!isSet) revert HoldNotSet(agency, message.recordId, message.version);
        } else if (isSet) {
            revert MarkAlreadySet(agency, message.recordId, message.version, message.mark);
        }
        _marks[agency][message.recordId][message.version] = before ^ bit;
        emit Marked(agency, message.recordId, message.version, message.mark, message.reason);
    }

    /// @inheritdoc IRecordAnchors
    function repudiate(Repudiate calldata message, bytes calldata signature) external onlyGovernor {
        bytes32 structHash = keccak256(abi.encode(REPUDIATE_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        uint32 gateway = _entitledAgency(message.admin, Roles.ADMIN);
        if (_words[gateway][message.batch] == bytes32(0)) revert BatchUnknown(gateway, message.batch);
        if (message.reason == 0) revert ReasonMissing();
        if (_repudiated[gateway][message.batch]) revert BatchAlreadyRepudiated(gateway, message.batch);
        _repudiated[gateway][message.batch] = true;
        emit BatchRepudiated(gateway, message.batch, message.reason);
    }

    /// @inheritdoc IRecordAnchors
    function head(uint32 gateway) external view returns (Stream memory stream) {
        stream = _streams[gateway];
        if (stream.batchCount == 0) stream.nextSequence = 1;
    }

    /// @inheritdoc IRecordAnchors
    function word(uint32 gateway, uint64 batch) external view returns (bytes32) {
        return _words[gateway][batch];
    }

    /// @inheritdoc IRecordAnchors
    function isRepudiated(uint32 gateway, uint64 batch) external view returns (bool) {
        return _repudiated[gateway][batch];
    }

    /// @inheritdoc IRecordAnchors
    function marks(uint32 agency, bytes32 recordId, uint32 recordVersion) external view returns (uint256) {
        return _marks[agency][recordId][recordVersion];
    }

    /// @inheritdoc IRecordAnchors
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IRecordAnchors).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    function _entitledAgency(address key, uint8 role) private view returns (uint32 agency) {
        agency = _registry.entitledAgency(key, role);
        if (agency == 0) revert KeyNotEntitled(key, role);
    }
}
