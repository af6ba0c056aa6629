// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Numbers that the consortium may change within hard bounds
/// @notice Names are ASCII text in a bytes32, padded with zeros on the right. Values are seconds; those of
/// `reviewAgency` and `reviewAgencySubstitute` are numbers of agencies (0 = none yet), that of `overdueReviewLimit` is a
/// count. History is judged from the events; the first ones are emitted at deployment.
interface IParameters {
    /// @notice A parameter has this value from this block on.
    /// @param name Name of the parameter.
    /// @param value Its value.
    event ParameterSet(bytes32 indexed name, uint64 value);

    /// @notice No parameter has this name.
    error ParameterUnknown(bytes32 name);
    /// @notice The value lies outside the parameter's hard bounds (both included).
    error ParameterOutOfBounds(bytes32 name, uint64 value, uint64 lowest, uint64 highest);

    /// @notice Set a parameter; the governor sends it.
    /// @param name `anchorDelay`, `factsAge`, `suspectWindow`, `grantLife`, `emergencyLife`, `emergencyLifeUnsigned`,
    /// `reviewWithin`, `noticeWithin`, `noticeDeferral`, `destroyWithin`, `overdueReviewLimit`, `reviewAgency` or
    /// `reviewAgencySubstitute`.
    /// @param value New value, within `bounds(name)`.
    function set(bytes32 name, uint64 value) external;

    /// @notice The value of a parameter now.
    function parameter(bytes32 name) external view returns (uint64);

    /// @notice The hard bounds of a parameter (both included).
    function bounds(bytes32 name) external pure returns (uint64 lowest, uint64 highest);
}
