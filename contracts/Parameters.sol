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

    bytes32 private constant GRANT_LIFE = "grantLife";
    bytes32 private constant EMERGENCY_LIFE = "emergencyLife";
    bytes32 private constant EMERGENCY_LIFE_UNSIGNED = "emergencyLifeUnsigned";
    bytes32 private constant REVIEW_WITHIN = "reviewWithin";
    bytes32 private constant NOTICE_WITHIN = "noticeWithin";
    bytes32 private constant NOTICE_DEFERRAL = "noticeDeferral";
    bytes32 private constant DESTROY_WITHIN = "destroyWithin";
    bytes32 private constant OVERDUE_REVIEW_LIMIT = "overdueReviewLimit";
    bytes32 private constant REVIEW_AGENCY = "reviewAgency";
    bytes32 private constant REVIEW_AGENCY_SUBSTITUTE = "reviewAgencySubstitute";

    mapping(bytes32 name => uint64) private _values;

    /// @param governor_ Who may set parameters.
    constructor(address governor_) SigningDomain("Gongzhi Parameters") Governed(governor_) {
        _set(ANCHOR_DELAY, 300 seconds);
        _set(FACTS_AGE, 60 seconds);
        _set(SUSPECT_WINDOW, 30 days);
        _set(GRANT_LIFE, 365 days);
        _set(EMERGENCY_LIFE, 3 days);
        _set(EMERGENCY_LIFE_UNSIGNED, 2 hours);
        _set(REVIEW_WITHIN, 15 days);
        _set(NOTICE_WITHIN, 30 days);
        _set(NOTICE_DEFERRAL, 90 days);
        _set(DESTROY_WITHIN, 30 days);
        _set(OVERDUE_REVIEW_LIMIT, 2);
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
        // Below a day nobody could use a grant; after three years its reasons must be judged anew.
        if (name == GRANT_LIFE) return (1 days, 3 * 365 days);
        // An emergency of minutes helps nobody; one of more than a month is a state of affairs.
        if (name == EMERGENCY_LIFE) return (1 hours, 30 days);
        // Long enough to wake a supervisor, short enough that one key alone never opens a second day.
        if (name == EMERGENCY_LIFE_UNSIGNED) return (10 minutes, 1 days);
        if (name == REVIEW_WITHIN) return (1 days, 90 days);
        if (name == NOTICE_WITHIN) return (1 days, 180 days);
        if (name == NOTICE_DEFERRAL) return (1 days, 365 days);
        if (name == DESTROY_WITHIN) return (1 days, 365 days);
        // Far below the 64 reviews that EmergencyAccess lists by their time.
        if (name == OVERDUE_REVIEW_LIMIT) return (0, 32);
        if (name == REVIEW_AGENCY || name == REVIEW_AGENCY_SUBSTITUTE) return (0, type(uint32).max);
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
