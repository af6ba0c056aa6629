// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A contract with acts that are the governor's alone
/// @notice The governor is set once, at deployment, and sends its acts itself; a contract may be the governor.
interface IGoverned {
    /// @notice A contract must not be deployed without a governor.
    error GovernorMissing();

    /// @notice Only the governor may do this.
    /// @param caller Who tried.
    error NotGovernor(address caller);

    /// @notice The governor's address.
    function governor() external view returns (address);
}
