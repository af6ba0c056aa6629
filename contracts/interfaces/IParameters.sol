// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Numbers that the consortium may change within hard bounds
/// @notice Names are ASCII text in a bytes32, padded with zeros on the right. Values are seconds. History is judged from
/// the events; the first ones are emitted at deployment.
interface IParameters {
    /// @notice A parameter has this value from this block on.
    /// @param name Name of the parameter.
    /// @param value Its value (seconds).
    event ParameterSet(bytes32 indexed name, uint64 value);

    /// @notice No parameter has this name.
    error ParameterUnknown(bytes32 name);
    /// @notice The value lies outside the parameter's hard bounds (seconds, both included).
    error ParameterOutOfBounds(bytes32 name, uint64 value, uint64 lowest, uint64 highest);

    /// @notice Set a parameter; the governor sends it.
    /// @param name `anchorDelay`, `factsAge` or `suspectWindow`.
    /// @param value New value (seconds), within `bounds(name)`.
    function set(bytes32 name, uint64 value) external;

    /// @notice The value of a parameter now (seconds).
    function parameter(bytes32 name) external view returns (uint64);

    /// @notice The hard bounds of a parameter (seconds, both included).
    function bounds(bytes32 name) external pure returns (uint64 lowest, uint64 highest);
}
