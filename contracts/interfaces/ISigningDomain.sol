// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A contract with an EIP-712 domain of its own
/// @notice The domain is {name: "Gongzhi <Contract>", version, chainId, verifyingContract}; ERC-5267 tells it.
interface ISigningDomain {
    /// @notice Version of the contract's code and of its EIP-712 domain.
    function version() external pure returns (string memory);
}
