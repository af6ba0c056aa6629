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
    /// @dev Bit 0 is no mark: it says that the predecessor's marks on this version were taken over.
    uint256 private constant TAKEN_OVER = 1;

    IAgencyRegistry private immutable _registry;
    IRecordAnchors private immutable _predecessor;

    mapping(uint32 gateway => Stream) private _streams;
    mapping(uint32 gateway => mapping(uint64 batch => bytes32)) private _words;
    mapping(uint32 agency => mapping(bytes32 recordId => mapping(uint32 version => uint256))) private _marks;

    mapping(uint32 gateway => mapping(uint64 batch => bool)) private _repudiated;

    /// @param governor_ Who repudiates batches, with their gateway.
    /// @param registry_ The AgencyRegistry of this deployment.
    /// @param predecessor_ The RecordAnchors whose streams this one continues, zero for the first.
    constructor(
        address governor_,
        address registry_,
        address predecessor_
    ) SigningDomain("Gongzhi RecordAnchors") Governed(governor_) {
        _registry = IAgencyRegistry(_requireContract(registry_));
        if (predecessor_ != address(0)) {
            if (IRecordAnchors(_requireContract(predecessor_)).registry() != registry_) {
                revert PredecessorForeign(predecessor_);
            }
        }
        _predecessor = IRecordAnchors(predecessor_);
    }

    /// @inheritdoc IRecordAnchors
    function anchor(bytes32 root, uint32 leafCount, uint64 firstSequence) external {
        uint32 gateway = _entitledAgency(msg.sender, Roles.ANCHOR);
        if (root == bytes32(0)) revert RootMissing();
        if (leafCount == 0 || leafCount > MOST_LEAVES) revert LeafCountInvalid(leafCount);
        Stream memory stream = head(gateway);
        uint64 batch = stream.batchCount + 1;
        uint64 next = stream.nextSequence;
        if (firstSequence != next) revert SequenceNotNext(firstSequence, next);

        bytes32 newHead = keccak256(abi.encode(stream.head, gateway, batch, root, leafCount, firstSequence));
        _streams[gateway] = Stream({head: newHead, batchCount: batch, nextSequence: next + leafCount});
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
        uint256 before = marks(agency, message.recordId, message.version);
        uint256 bit = uint256(1) << message.mark;
        bool isSet = before & bit != 0;
        if (message.mark == HOLD && message.reason == RELEASED) {
            if (!isSet) revert HoldNotSet(agency, message.recordId, message.version);
        } else if (isSet) {
            revert MarkAlreadySet(agency, message.recordId, message.version, message.mark);
        }
        _marks[agency][message.recordId][message.version] = (before ^ bit) | TAKEN_OVER;
        emit Marked(agency, message.recordId, message.version, message.mark, message.reason);
    }

    /// @inheritdoc IRecordAnchors
    function repudiate(Repudiate calldata message, bytes calldata signature) external onlyGovernor {
        bytes32 structHash = keccak256(abi.encode(REPUDIATE_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        uint32 gateway = _entitledAgency(message.admin, Roles.ADMIN);
        if (word(gateway, message.batch) == bytes32(0)) revert BatchUnknown(gateway, message.batch);
        if (message.reason == 0) revert ReasonMissing();
        if (isRepudiated(gateway, message.batch)) revert BatchAlreadyRepudiated(gateway, message.batch);
        _repudiated[gateway][message.batch] = true;
        emit BatchRepudiated(gateway, message.batch, message.reason);
    }

    /// @inheritdoc IRecordAnchors
    function head(uint32 gateway) public view returns (Stream memory stream) {
        stream = _streams[gateway];
        if (stream.batchCount == 0) {
            if (_hasPredecessor()) return _predecessor.head(gateway);
            stream.nextSequence = 1;
        }
    }

    /// @inheritdoc IRecordAnchors
    function word(uint32 gateway, uint64 batch) public view returns (bytes32) {
        if (_isInherited(gateway, batch)) return _predecessor.word(gateway, batch);
        return _words[gateway][batch];
    }

    /// @inheritdoc IRecordAnchors
    function isRepudiated(uint32 gateway, uint64 batch) public view returns (bool) {
        if (_repudiated[gateway][batch]) return true;
        return _isInherited(gateway, batch) && _predecessor.isRepudiated(gateway, batch);
    }

    /// @inheritdoc IRecordAnchors
    function marks(uint32 agency, bytes32 recordId, uint32 recordVersion) public view returns (uint256) {
        uint256 own = _marks[agency][recordId][recordVersion];
        if (own == 0 && _hasPredecessor()) return _predecessor.marks(agency, recordId, recordVersion);
        return own & ~TAKEN_OVER;
    }

    /// @inheritdoc IRecordAnchors
    function predecessor() external view returns (address) {
        return address(_predecessor);
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

    function _hasPredecessor() private view returns (bool) {
        return address(_predecessor) != address(0);
    }

    /// @dev What lies behind the newest batch is nobody's, whatever the predecessor took after its stream was continued.
    function _isInherited(uint32 gateway, uint64 batch) private view returns (bool) {
        return
            _hasPredecessor() &&
            _words[gateway][batch] == bytes32(0) &&
            batch <= head(gateway).batchCount;
    }

    function _entitledAgency(address key, uint8 role) private view returns (uint32 agency) {
        agency = _registry.entitledAgency(key, role);
        if (agency == 0) revert KeyNotEntitled(key, role);
    }
}
