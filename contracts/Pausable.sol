// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {TypedMessages} from "./TypedMessages.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title Pausing of a module, as IPausable documents it
abstract contract Pausable is TypedMessages, Governed, IPausable {
    bytes32 private constant PAUSE_TYPEHASH =
        keccak256("Pause(address guardian,uint256 nonce,uint64 deadline)");
    uint64 private constant PAUSE_LIFE = 72 hours;
    uint64 private constant PAUSE_INTERVAL = 30 days;
    uint64 private constant LONGEST_PAUSE = 30 days;

    uint64 private _pausedUntil;
    mapping(uint32 agency => uint64) private _lastPauses;

    modifier whenNotPaused() {
        _requireNotPaused();
        _;
    }

    /// @inheritdoc IPausable
    function pause(Pause calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(PAUSE_TYPEHASH, message));
        _consume(structHash, message.guardian, message.nonce, message.deadline, signature);
        uint32 agency = _agencyOfGuardian(message.guardian);
        if (agency == 0) revert NotGuardian(message.guardian);
        uint64 time = uint64(block.timestamp);
        uint64 last = _lastPauses[agency];
        if (last != 0 && time < last + PAUSE_INTERVAL) revert PausedTooOften(agency, last + PAUSE_INTERVAL);
        _lastPauses[agency] = time;
        uint64 until = time + PAUSE_LIFE;
        if (_pausedUntil < until) _pausedUntil = until;
        emit PauseSet(agency, _pausedUntil);
    }

    /// @inheritdoc IPausable
    function pauseAsGovernor(uint64 until) external onlyGovernor {
        uint64 latest = uint64(block.timestamp) + LONGEST_PAUSE;
        if (until != 0 && (until <= block.timestamp || until > latest)) revert PauseInvalid(until, latest);
        _pausedUntil = until;
        emit PauseSet(0, until);
    }

    /// @inheritdoc IPausable
    function pausedUntil() external view returns (uint64) {
        return _pausedUntil;
    }

    /// @inheritdoc IPausable
    function lastPauseOf(uint32 agency) external view returns (uint64) {
        return _lastPauses[agency];
    }

    /// @dev Agency for which the key is a usable GUARDIAN key, 0 if it is none.
    function _agencyOfGuardian(address key) internal view virtual returns (uint32);

    function _requireNotPaused() private view {
        uint64 until = _pausedUntil;
        if (block.timestamp < until) revert ModulePaused(until);
    }
}
