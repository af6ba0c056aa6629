// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Roles} from "./Roles.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";

/// @title Officers of keys, as IAgencyRegistry documents them
/// @dev Exclusive roles exclude each other for the person, not only on the key.
abstract contract Officers is IAgencyRegistry {
    uint256 private constant MOST_KEYS = 16;

    mapping(address key => bytes32) private _officerOf;
    /// @dev Keys of an officer that are not ended; ended and expired ones are dropped when the next one is bound.
    mapping(uint32 agency => mapping(bytes32 officer => address[])) private _keysOf;

    /// @inheritdoc IAgencyRegistry
    function officerOf(address key) external view returns (bytes32) {
        return _officerOf[key];
    }

    /// @dev Name the officer of a key that was bound in this call.
    function _nameOfficer(address key, uint32 agency, uint16 roles, bytes32 officer) internal {
        if (officer == bytes32(0)) {
            if (roles & Roles.PAIRED != 0) revert OfficerMissing(roles);
            return;
        }
        address[] storage held = _keysOf[agency][officer];
        uint16 together = roles;
        for (uint256 i = held.length; i > 0; --i) {
            uint16 others = _rolesHeld(held[i - 1]);
            if (others == 0) {
                held[i - 1] = held[held.length - 1];
                held.pop();
            }
            together |= others;
        }
        uint16 pair = Roles.exclusivePair(together);
        if (pair != 0) revert OfficerRolesExclusive(officer, together, pair);
        if (held.length >= MOST_KEYS) revert TooManyKeysOfOfficer(officer, MOST_KEYS);
        held.push(key);
        _officerOf[key] = officer;
        emit OfficerNamed(key, agency, officer);
    }

    /// @dev Roles of a key that is neither ended nor expired, 0 of every other one.
    function _rolesHeld(address key) internal view virtual returns (uint16);
}
