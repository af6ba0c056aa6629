// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The Council, in which each member agency has one vote
/// @notice The Council is the governor of every other contract; nobody owns it. Members approve an action off chain, each
/// by a key that is a usable ADMIN of its agency then; anybody hands the approvals in, and gains nothing by it. An action
/// is known by its EIP-712 digest `CouncilAction(Call[] calls,bytes32 salt,uint64 epoch,uint64 expiry)Call(address
/// target,bytes data)`, so it is for this chain, this contract and this epoch only; a salt is used once in an epoch. A
/// change of members or threshold begins the next epoch, and nothing that was scheduled before can be executed any more.
/// Delays: none for `pauseAsGovernor` and `revokeKeyAsGovernor`; 24 hours for `registerAgency`, `setStatus`,
/// `setAllowedRoles`, `restoreAdmin` and `setCatalogueAuthority`; 48 hours for `set` of Parameters; 72 hours for
/// everything else. Until the founding is complete, founder i speaks for agency number i, and only actions that all
/// founders approve are executed, at once. Times are Unix seconds.
interface ICouncil {
    /// @notice One call that the Council sends.
    /// @param target Contract that is called.
    /// @param data Selector and arguments.
    struct Call {
        address target;
        bytes data;
    }

    /// @notice What the members approve: 1 to 64 calls, sent in their order, all or none.
    /// @param calls The calls.
    /// @param salt 32 random bytes.
    /// @param epoch The epoch whose members approve.
    /// @param expiry First second at which the action can no longer be executed (Unix seconds), below 2^53.
    struct Action {
        Call[] calls;
        bytes32 salt;
        uint64 epoch;
        uint64 expiry;
    }

    /// @notice The approval of one member.
    /// @param agency Agency that approves.
    /// @param key Its ADMIN key (before the founding is complete: its founder's key).
    /// @param signature Signature of `key` over the action's digest, or over that of the cancellation.
    struct Approval {
        uint32 agency;
        address key;
        bytes signature;
    }

    /// @notice An action was scheduled.
    /// @param action Digest of the action.
    /// @param epoch Epoch whose members approved.
    /// @param executableAt First second at which it can be executed (Unix seconds).
    /// @param expiry First second at which it no longer can (Unix seconds).
    /// @param targets Contracts that it calls, in order.
    /// @param selectors Functions that it calls there; zero for a call with less than four bytes of data.
    /// @param agencies Members that approved.
    /// @param keys Their keys.
    event ActionScheduled(
        bytes32 indexed action,
        uint64 indexed epoch,
        uint64 executableAt,
        uint64 expiry,
        address[] targets,
        bytes4[] selectors,
        uint32[] agencies,
        address[] keys
    );

    /// @notice An action is executed; the events of its calls follow in the same transaction.
    /// @param action Digest of the action.
    /// @param epoch Epoch whose members approved.
    /// @param agencies Members whose approvals were checked at the execution.
    /// @param keys Their keys.
    event ActionExecuted(bytes32 indexed action, uint64 indexed epoch, uint32[] agencies, address[] keys);

    /// @notice A scheduled action was cancelled, for ever.
    /// @param action Digest of the action.
    /// @param epoch Epoch whose members cancelled.
    /// @param agencies Members that approved the cancellation.
    /// @param keys Their keys.
    event ActionCancelled(bytes32 indexed action, uint64 indexed epoch, uint32[] agencies, address[] keys);

    /// @notice An epoch has begun.
    /// @param epoch Number of the epoch, from 1.
    /// @param agencies Members, ascending.
    /// @param threshold Approvals that an action needs.
    event MembersSet(uint64 indexed epoch, uint32[] agencies, uint8 threshold);

    /// @notice The founding is complete: the founders' keys are from now on what the registry says of them.
    /// @param registry AgencyRegistry in which the keys of members are looked up.
    event FoundingCompleted(address registry);

    /// @notice A founder's key is the zero address, or stands twice.
    error FounderInvalid(address founder);
    /// @notice A council has 1 to 64 members.
    error MemberCountInvalid(uint256 count);
    /// @notice Members are given in ascending order, each once, from 1.
    error MembersNotAscending(uint32 agency);
    /// @notice A member is a registered, active agency.
    error MemberNotActive(uint32 agency, uint8 status);
    /// @notice A threshold is more than half of the members and at most all of them.
    error ThresholdInvalid(uint8 threshold, uint256 count);
    /// @notice Only the Council itself may do this, by an action.
    error NotCouncil(address caller);
    /// @notice Before the founding is complete, founders alone act.
    error FoundingNotCompleted();
    /// @notice The founding is complete; founders have no right of their own any more.
    error FoundingAlreadyCompleted();
    /// @notice The founder's key is no usable ADMIN key of his agency in the registry.
    error FounderNotAdmin(uint32 agency, address founder);
    /// @notice The registry's governor must be this Council (zero: there is no contract at all).
    error RegistryNotGoverned(address registry, address governor);
    /// @notice An action has 1 to 64 calls.
    error CallCountInvalid(uint256 count);
    /// @notice The action was approved for another epoch.
    error EpochNotCurrent(uint64 epoch, uint64 current);
    /// @notice An action expires after it becomes executable, and below 2^53.
    error ActionExpiryInvalid(uint64 expiry, uint64 executableAt);
    /// @notice An action of this epoch has used the salt.
    error SaltUsed(bytes32 salt);
    /// @notice The action is not scheduled: 0 never was, 2 executed, 3 cancelled.
    error ActionNotScheduled(bytes32 action, uint8 state);
    /// @notice The action's delay is not over.
    error ActionNotDue(bytes32 action, uint64 executableAt);
    /// @notice The action has expired.
    error ActionExpired(bytes32 action, uint64 expiry);
    /// @notice Too few members approve.
    error ThresholdNotReached(uint256 approvals, uint256 threshold);
    /// @notice Approvals are given in ascending order of their agencies, one for each.
    error ApprovalsNotAscending(uint32 agency);
    /// @notice The agency is no member of this epoch.
    error NotMember(uint32 agency, uint64 epoch);
    /// @notice The key is not the agency's: no usable ADMIN key of an active agency, or not its founder's.
    error ApproverNotEntitled(uint32 agency, address key);
    /// @notice The signature is not `key`'s over what is approved.
    error ApprovalSignatureInvalid(uint32 agency, address key);
    /// @notice A call has failed, so none is done.
    /// @param index Place of the call, from 0.
    /// @param reason What the called contract has answered; empty where there is no contract.
    error CallFailed(uint256 index, bytes reason);

    /// @notice Schedule an action; anybody sends it.
    /// @param action The action, of the current epoch.
    /// @param approvals At least `threshold` approvals, ascending by agency.
    /// @return id Digest of the action.
    function schedule(Action calldata action, Approval[] calldata approvals) external returns (bytes32 id);

    /// @notice Execute a scheduled action whose delay is over; anybody sends it. Approvals are judged anew: an action dies
    /// with its epoch, and an approval with its key.
    /// @param action The action.
    /// @param approvals At least `threshold` approvals, ascending by agency; the ones of the schedule or others.
    function execute(Action calldata action, Approval[] calldata approvals) external;

    /// @notice Cancel a scheduled action; anybody sends it.
    /// @param action Digest of the action.
    /// @param approvals At least `threshold` approvals of `CancelAction(bytes32 action,uint64 epoch)` with the current
    /// epoch, ascending by agency.
    function cancel(bytes32 action, Approval[] calldata approvals) external;

    /// @notice Execute an action of the founding at once; anybody sends it.
    /// @param action The action, of epoch 1.
    /// @param approvals Approvals of all founders, ascending by agency.
    /// @return id Digest of the action.
    function executeFounding(
        Action calldata action,
        Approval[] calldata approvals
    ) external returns (bytes32 id);

    /// @notice Set members and threshold, which begins the next epoch; an action of the Council alone does it.
    /// @param agencies 1 to 64 active agencies, ascending.
    /// @param newThreshold More than half of them, at most all.
    function setMembers(uint32[] calldata agencies, uint8 newThreshold) external;

    /// @notice Complete the founding; an action of the founders alone does it, and only once.
    /// @param registry_ AgencyRegistry that this Council governs, where every founder is a usable ADMIN of his agency.
    function completeFounding(address registry_) external;

    /// @notice Members of the current epoch, ascending.
    function members() external view returns (uint32[] memory);

    /// @notice Approvals that an action needs.
    function threshold() external view returns (uint8);

    /// @notice Number of the current epoch, from 1.
    function epoch() external view returns (uint64);

    /// @notice Keys of the founders; number i (from 1) spoke for agency i until the founding was complete.
    function founders() external view returns (address[] memory);

    /// @notice Whether this is a Council for development, where no action is delayed.
    function development() external view returns (bool);

    /// @notice AgencyRegistry in which keys are looked up, zero until the founding is complete.
    function registry() external view returns (address);

    /// @notice Seconds between schedule and execution of a call.
    /// @param target Contract that would be called; what a selector means there is the contract's own.
    /// @param selector Function that would be called.
    function delayOf(address target, bytes4 selector) external view returns (uint64);

    /// @notice Where an action stands: 1 scheduled, 2 executed, 3 cancelled, 0 never scheduled; and since when it could be
    /// executed (Unix seconds). An expired one, and one of a past epoch, stays 1.
    function actionState(bytes32 action) external view returns (uint8 state, uint64 executableAt);
}
