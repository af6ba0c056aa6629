// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A module that can be paused for a short time
/// @notice A pause stops what would make new rights or new data flows, and nothing else: what protects somebody (to
/// withdraw, revoke, retire, close, review, mark, anchor, open an emergency) is taken all the time. A pause ends by itself.
interface IPausable {
    /// @notice Signed by `guardian`, a GUARDIAN key of any agency.
    /// @param guardian Key that signs.
    /// @param nonce Keyed nonce of `guardian`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct Pause {
        address guardian;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice The module is paused, or its pause was lifted.
    /// @param agency Agency whose guardian paused, 0 where the governor did.
    /// @param until First second at which it is not paused any more (Unix seconds); 0: lifted.
    event PauseSet(uint32 indexed agency, uint64 until);

    /// @notice The module is paused.
    /// @param until First second at which it is not paused any more (Unix seconds).
    error ModulePaused(uint64 until);
    /// @notice The key is no usable GUARDIAN key of an active agency.
    error NotGuardian(address key);
    /// @notice An agency pauses a module once in 30 days.
    /// @param agency The agency.
    /// @param again First second at which it may pause this module again (Unix seconds).
    error PausedTooOften(uint32 agency, uint64 again);
    /// @notice The governor pauses until a time in the future, at most 30 days ahead, or lifts a pause with 0.
    error PauseInvalid(uint64 until, uint64 latest);

    /// @notice Pause the module for 72 hours; a longer pause stays as long as it is.
    /// @param message The signed message.
    /// @param signature Signature of `message.guardian`.
    function pause(Pause calldata message, bytes calldata signature) external;

    /// @notice Pause the module, or lift its pause; the governor sends it.
    /// @param until First second at which it is not paused any more (Unix seconds), at most 30 days ahead; 0 lifts.
    function pauseAsGovernor(uint64 until) external;

    /// @notice First second at which the module is not paused (Unix seconds), 0 if it never was or the pause was lifted.
    function pausedUntil() external view returns (uint64);

    /// @notice When an agency's guardian last paused the module (Unix seconds), 0 if never.
    function lastPauseOf(uint32 agency) external view returns (uint64);
}
