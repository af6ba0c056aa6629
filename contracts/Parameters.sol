// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";

/// @title Parameters, as IParameters documents it
contract Parameters is SigningDomain, Governed, IParameters {
    bytes32 private constant ANCHOR_DELAY = "anchorDelay";
    bytes32 private constant FACTS_AGE = "factsAge";
    bytes32 private constant SUSPECT_WINDOW = "suspectWindow";

    mapping(bytes32 name => uint64) private _values;

    /// @param governor_ Who may set parameters.
    constructor(address governor_) SigningDomain("Gongzhi Parameters") Governed(governor_) {
        _set(ANCHOR_DELAY, 300 seconds);
        _set(FACTS_AGE, 60 seconds);
        _set(SUSPECT_WINDOW, 30 days);
    }

    /// @inheritdoc IParameters
    function set(bytes32 name, uint64 value) external onlyGovernor {
        _set(name, value);
    }

    /// @inheritdoc IParameters
    function parameter(bytes32 name) external view returns (uint64) {
        bounds(name);
        return _values[name];
    }

    /// @inheritdoc IParameters
    function bounds(bytes32 name) public pure returns (uint64 lowest, uint64 highest) {
        // A promise shorter than a few batches cannot be kept; one longer than a day is worth nothing.
        if (name == ANCHOR_DELAY) return (10 seconds, 1 days);
        // Below a block or two every answer would be stale; above an hour a withdrawal would cut too late.
        if (name == FACTS_AGE) return (5 seconds, 1 hours);
        // An agency needs a day to notice; beyond a year doubt about the past is for the governor.
        if (name == SUSPECT_WINDOW) return (1 days, 365 days);
        revert ParameterUnknown(name);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IParameters).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    function _set(bytes32 name, uint64 value) private {
        (uint64 lowest, uint64 highest) = bounds(name);
        if (value < lowest || value > highest) revert ParameterOutOfBounds(name, value, lowest, highest);
        _values[name] = value;
        emit ParameterSet(name, value);
    }
}
