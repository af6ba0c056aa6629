// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Roles of keys
/// @notice Permanent numbers; as a bitmap, role r is bit r.
library Roles {
    uint8 internal constant ADMIN = 0;
    uint8 internal constant SUBMIT = 1;
    uint8 internal constant REQUEST = 2;
    uint8 internal constant DECIDE = 3;
    uint8 internal constant EMERGENCY = 4;
    uint8 internal constant SUPERVISE = 5;
    uint8 internal constant REVIEW = 6;
    uint8 internal constant ANCHOR = 7;
    uint8 internal constant GUARDIAN = 8;
    uint8 internal constant AUDIT = 9;
    uint8 internal constant API_SIGN = 10;

    uint16 internal constant ADMIN_BIT = uint16(1) << ADMIN;

    /// @dev The thirteen roles that exist.
    uint16 internal constant KNOWN = (uint16(1) << 13) - 1;

    /// @dev Roles whose keys need the signatures of two ADMINs where the agency has two.
    uint16 internal constant GRAVE =
        ADMIN_BIT | (uint16(1) << DECIDE) | (uint16(1) << EMERGENCY) | (uint16(1) << API_SIGN);

    uint16 private constant REQUEST_REVIEW = (uint16(1) << REQUEST) | (uint16(1) << REVIEW);
    uint16 private constant EMERGENCY_SUPERVISE = (uint16(1) << EMERGENCY) | (uint16(1) << SUPERVISE);
    uint16 private constant EMERGENCY_REVIEW = (uint16(1) << EMERGENCY) | (uint16(1) << REVIEW);
    uint16 private constant DECIDE_AUDIT = (uint16(1) << DECIDE) | (uint16(1) << AUDIT);

    /// @dev Roles of which some other one is exclusive: a key with any of them needs an officer.
    uint16 internal constant PAIRED = REQUEST_REVIEW | EMERGENCY_SUPERVISE | EMERGENCY_REVIEW | DECIDE_AUDIT;

    /// @dev The first pair in `roles` that never stands on one key, 0 if there is none.
    function exclusivePair(uint16 roles) internal pure returns (uint16) {
        if (roles & REQUEST_REVIEW == REQUEST_REVIEW) return REQUEST_REVIEW;
        if (roles & EMERGENCY_SUPERVISE == EMERGENCY_SUPERVISE) return EMERGENCY_SUPERVISE;
        if (roles & EMERGENCY_REVIEW == EMERGENCY_REVIEW) return EMERGENCY_REVIEW;
        if (roles & DECIDE_AUDIT == DECIDE_AUDIT) return DECIDE_AUDIT;
        return 0;
    }
}
