// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What every contract of Gongzhi has in common
/// @notice People decide by signing EIP-712 messages; anybody may relay them. A relay pays and holds no power: it can
/// neither alter a message nor gain anything from one. Every message names the key that signs it, a keyed nonce of that
/// key (lanes: upper 192 bits choose the lane, lower 64 bits count within it, see `nonces`) and a deadline.
interface ITypedMessages {
    /// @notice The message was relayed after its deadline.
    /// @param deadline Last second at which the message could be taken (Unix seconds).
    /// @param time Time of the block that should have taken it (Unix seconds).
    error DeadlinePassed(uint64 deadline, uint256 time);

    /// @notice The signature is not `signer`'s over this message in this contract's domain.
    /// @param signer Key that the message says has signed.
    error SignatureInvalid(address signer);

    /// @notice The address given for another contract of the deployment holds no code.
    /// @param given That address.
    error ContractMissing(address given);
}
