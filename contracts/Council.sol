// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {KeySignatures} from "./KeySignatures.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {ICouncil} from "./interfaces/ICouncil.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title Council, as ICouncil documents it
contract Council is SigningDomain, ICouncil {
    bytes32 private constant CALL_TYPEHASH = keccak256("Call(address target,bytes data)");
    bytes32 private constant ACTION_TYPEHASH =
        keccak256(
            "CouncilAction(Call[] calls,bytes32 salt,uint64 epoch,uint64 expiry)Call(address target,bytes data)"
        );
    bytes32 private constant CANCEL_TYPEHASH = keccak256("CancelAction(bytes32 action,uint64 epoch)");

    uint256 private constant MOST_MEMBERS = 64;
    uint256 private constant MOST_CALLS = 64;
    uint64 private constant TIME_LIMIT = uint64(1) << 53;
    uint8 private constant ACTIVE = 1;
    uint8 private constant SCHEDULED = 1;
    uint8 private constant EXECUTED = 2;
    uint8 private constant CANCELLED = 3;

    /// @dev What is kept of an action; the rest is in its digest.
    struct Standing {
        uint8 state;
        uint64 executableAt;
    }

    bool private immutable _development;

    IAgencyRegistry private _registry;
    uint64 private _epoch;
    uint8 private _threshold;
    uint32[] private _members;
    address[] private _founders;
    mapping(bytes32 id => Standing) private _actions;
    mapping(uint64 epoch => mapping(bytes32 salt => bool)) private _usedSalts;

    /// @param founders_ Keys that speak for agencies 1, 2, 3 … until the founding is complete.
    /// @param threshold_ Approvals that an action needs after that.
    /// @param development_ Whether delays are left out, for development only.
    constructor(
        address[] memory founders_,
        uint8 threshold_,
        bool development_
    ) SigningDomain("Gongzhi Council") {
        uint256 count = founders_.length;
        _requireCouncil(count, threshold_);
        uint32[] memory agencies = new uint32[](count);
        for (uint256 i; i < count; ++i) {
            if (founders_[i] == address(0)) revert FounderInvalid(founders_[i]);
            for (uint256 j; j < i; ++j) {
                if (founders_[i] == founders_[j]) revert FounderInvalid(founders_[i]);
            }
            agencies[i] = uint32(i + 1);
        }
        _founders = founders_;
        _development = development_;
        _begin(agencies, threshold_);
    }

    /// @inheritdoc ICouncil
    function schedule(Action calldata action, Approval[] calldata approvals) external returns (bytes32 id) {
        id = _requireCurrent(action);
        (uint32[] memory agencies, address[] memory keys) = _requireApproved(id, approvals);
        _schedule(id, action, _longestDelay(action.calls), agencies, keys);
    }

    /// @inheritdoc ICouncil
    function execute(Action calldata action, Approval[] calldata approvals) external {
        bytes32 id = _requireCurrent(action);
        Standing storage standing = _requireScheduled(id);
        if (block.timestamp < standing.executableAt) revert ActionNotDue(id, standing.executableAt);
        if (block.timestamp >= action.expiry) revert ActionExpired(id, action.expiry);
        (uint32[] memory agencies, address[] memory keys) = _requireApproved(id, approvals);
        _execute(id, action, agencies, keys);
    }

    /// @inheritdoc ICouncil
    function cancel(bytes32 action, Approval[] calldata approvals) external {
        Standing storage standing = _requireScheduled(action);
        uint64 current = _epoch;
        bytes32 digest = _hashTypedDataV4(keccak256(abi.encode(CANCEL_TYPEHASH, action, current)));
        (uint32[] memory agencies, address[] memory keys) = _requireApproved(digest, approvals);
        standing.state = CANCELLED;
        emit ActionCancelled(action, current, agencies, keys);
    }

    /// @inheritdoc ICouncil
    function executeFounding(
        Action calldata action,
        Approval[] calldata approvals
    ) external returns (bytes32 id) {
        if (address(_registry) != address(0)) revert FoundingAlreadyCompleted();
        id = _requireCurrent(action);
        (uint32[] memory agencies, address[] memory keys) = _requireFounders(id, approvals);
        _schedule(id, action, 0, agencies, keys);
        _execute(id, action, agencies, keys);
    }

    /// @inheritdoc ICouncil
    function setMembers(uint32[] calldata agencies, uint8 newThreshold) external {
        _requireCouncilItself();
        if (address(_registry) == address(0)) revert FoundingNotCompleted();
        _requireCouncil(agencies.length, newThreshold);
        uint32 last;
        for (uint256 i; i < agencies.length; ++i) {
            if (agencies[i] <= last) revert MembersNotAscending(agencies[i]);
            last = agencies[i];
            (, uint8 status) = _registry.standing(last);
            if (status != ACTIVE) revert MemberNotActive(last, status);
        }
        _begin(agencies, newThreshold);
    }

    /// @inheritdoc ICouncil
    function completeFounding(address registry_) external {
        _requireCouncilItself();
        if (address(_registry) != address(0)) revert FoundingAlreadyCompleted();
        address governor = registry_.code.length == 0 ? address(0) : IGoverned(registry_).governor();
        if (governor != address(this)) revert RegistryNotGoverned(registry_, governor);
        _registry = IAgencyRegistry(registry_);
        for (uint256 i; i < _founders.length; ++i) {
            if (!_isAdmin(_founders[i], uint32(i + 1))) revert FounderNotAdmin(uint32(i + 1), _founders[i]);
        }
        emit FoundingCompleted(registry_);
    }

    /// @inheritdoc ICouncil
    function members() external view returns (uint32[] memory) {
        return _members;
    }

    /// @inheritdoc ICouncil
    function threshold() external view returns (uint8) {
        return _threshold;
    }

    /// @inheritdoc ICouncil
    function epoch() external view returns (uint64) {
        return _epoch;
    }

    /// @inheritdoc ICouncil
    function founders() external view returns (address[] memory) {
        return _founders;
    }

    /// @inheritdoc ICouncil
    function development() external view returns (bool) {
        return _development;
    }

    /// @inheritdoc ICouncil
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc ICouncil
    function delayOf(address, bytes4 selector) external view returns (uint64) {
        return _delayOf(selector);
    }

    /// @inheritdoc ICouncil
    function actionState(bytes32 action) external view returns (uint8 state, uint64 executableAt) {
        Standing storage standing = _actions[action];
        return (standing.state, standing.executableAt);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return interfaceId == type(ICouncil).interfaceId || super.supportsInterface(interfaceId);
    }

    function _begin(uint32[] memory agencies, uint8 newThreshold) private {
        uint64 begun = _epoch + 1;
        _epoch = begun;
        _threshold = newThreshold;
        _members = agencies;
        emit MembersSet(begun, agencies, newThreshold);
    }

    function _schedule(
        bytes32 id,
        Action calldata action,
        uint64 delay,
        uint32[] memory agencies,
        address[] memory keys
    ) private {
        uint256 count = action.calls.length;
        uint64 executableAt = uint64(block.timestamp) + delay;
        if (action.expiry <= executableAt || action.expiry >= TIME_LIMIT) {
            revert ActionExpiryInvalid(action.expiry, executableAt);
        }
        if (_usedSalts[action.epoch][action.salt]) revert SaltUsed(action.salt);
        _usedSalts[action.epoch][action.salt] = true;
        _actions[id] = Standing(SCHEDULED, executableAt);
        address[] memory targets = new address[](count);
        bytes4[] memory selectors = new bytes4[](count);
        for (uint256 i; i < count; ++i) {
            targets[i] = action.calls[i].target;
            selectors[i] = _selectorOf(action.calls[i].data);
        }
        emit ActionScheduled(
            id,
            action.epoch,
            executableAt,
            action.expiry,
            targets,
            selectors,
            agencies,
            keys
        );
    }

    /// @dev The action is executed before its calls are sent: none of them can execute it a second time.
    function _execute(
        bytes32 id,
        Action calldata action,
        uint32[] memory agencies,
        address[] memory keys
    ) private {
        _actions[id].state = EXECUTED;
        emit ActionExecuted(id, action.epoch, agencies, keys);
        for (uint256 i; i < action.calls.length; ++i) {
            address target = action.calls[i].target;
            (bool done, bytes memory answer) = target.call(action.calls[i].data);
            if (!done || target.code.length == 0) revert CallFailed(i, answer);
        }
    }

    function _requireScheduled(bytes32 id) private view returns (Standing storage standing) {
        standing = _actions[id];
        if (standing.state != SCHEDULED) revert ActionNotScheduled(id, standing.state);
    }

    /// @dev The members whose keys have signed `digest`, at least `threshold` of them.
    function _requireApproved(
        bytes32 digest,
        Approval[] calldata approvals
    ) private view returns (uint32[] memory agencies, address[] memory keys) {
        if (address(_registry) == address(0)) revert FoundingNotCompleted();
        uint256 count = approvals.length;
        if (count < _threshold) revert ThresholdNotReached(count, _threshold);
        uint32[] memory current = _members;
        agencies = new uint32[](count);
        keys = new address[](count);
        uint256 place;
        for (uint256 i; i < count; ++i) {
            (uint32 agency, address key) = (approvals[i].agency, approvals[i].key);
            if (agency == 0 || (i != 0 && agency <= agencies[i - 1])) revert ApprovalsNotAscending(agency);
            while (place < current.length && current[place] < agency) ++place;
            if (place == current.length || current[place] != agency) revert NotMember(agency, _epoch);
            if (!_isAdmin(key, agency)) revert ApproverNotEntitled(agency, key);
            _requireSigned(digest, approvals[i]);
            agencies[i] = agency;
            keys[i] = key;
        }
    }

    /// @dev All founders, who have signed `digest`.
    function _requireFounders(
        bytes32 digest,
        Approval[] calldata approvals
    ) private view returns (uint32[] memory agencies, address[] memory keys) {
        keys = _founders;
        uint256 count = keys.length;
        if (approvals.length != count) revert ThresholdNotReached(approvals.length, count);
        agencies = new uint32[](count);
        for (uint256 i; i < count; ++i) {
            agencies[i] = uint32(i + 1);
            if (approvals[i].agency != i + 1) revert ApprovalsNotAscending(approvals[i].agency);
            if (approvals[i].key != keys[i]) revert ApproverNotEntitled(agencies[i], approvals[i].key);
            _requireSigned(digest, approvals[i]);
        }
    }

    function _requireSigned(bytes32 digest, Approval calldata approval) private view {
        if (!KeySignatures.isSigned(approval.key, digest, approval.signature)) {
            revert ApprovalSignatureInvalid(approval.agency, approval.key);
        }
    }

    function _isAdmin(address key, uint32 agency) private view returns (bool) {
        return _registry.entitledAgency(key, Roles.ADMIN) == agency;
    }

    function _requireCouncilItself() private view {
        if (msg.sender != address(this)) revert NotCouncil(msg.sender);
    }

    function _requireCouncil(uint256 count, uint8 wanted) private pure {
        if (count == 0 || count > MOST_MEMBERS) revert MemberCountInvalid(count);
        if (uint256(wanted) * 2 <= count || wanted > count) revert ThresholdInvalid(wanted, count);
    }

    function _longestDelay(Call[] calldata calls) private view returns (uint64 longest) {
        for (uint256 i; i < calls.length; ++i) {
            uint64 delay = _delayOf(_selectorOf(calls[i].data));
            if (delay > longest) longest = delay;
        }
    }

    function _delayOf(bytes4 selector) private view returns (uint64) {
        if (_development) return 0;
        if (selector == IPausable.pauseAsGovernor.selector) return 0;
        if (selector == IAgencyRegistry.revokeKeyAsGovernor.selector) return 0;
        if (
            selector == IAgencyRegistry.registerAgency.selector ||
            selector == IAgencyRegistry.setStatus.selector ||
            selector == IAgencyRegistry.setAllowedRoles.selector ||
            selector == IAgencyRegistry.restoreAdmin.selector ||
            selector == ICatalogue.setCatalogueAuthority.selector
        ) return 24 hours;
        if (selector == IParameters.set.selector) return 48 hours;
        return 72 hours;
    }

    /// @dev Zero where there are less than four bytes, which no function of ours has.
    function _selectorOf(bytes calldata data) private pure returns (bytes4) {
        return data.length < 4 ? bytes4(0) : bytes4(data[:4]);
    }

    /// @dev The digest of an action of 1 to 64 calls and of the current epoch.
    function _requireCurrent(Action calldata action) private view returns (bytes32) {
        uint256 count = action.calls.length;
        if (count == 0 || count > MOST_CALLS) revert CallCountInvalid(count);
        if (action.epoch != _epoch) revert EpochNotCurrent(action.epoch, _epoch);
        bytes32[] memory hashes = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            Call calldata sent = action.calls[i];
            hashes[i] = keccak256(abi.encode(CALL_TYPEHASH, sent.target, keccak256(sent.data)));
        }
        bytes32 calls = keccak256(abi.encodePacked(hashes));
        return
            _hashTypedDataV4(
                keccak256(abi.encode(ACTION_TYPEHASH, calls, action.salt, action.epoch, action.expiry))
            );
    }
}
