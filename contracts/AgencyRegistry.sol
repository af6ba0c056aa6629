// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {Officers} from "./Officers.sol";
import {Pausable} from "./Pausable.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IParameters} from "./interfaces/IParameters.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title AgencyRegistry, as IAgencyRegistry documents it
contract AgencyRegistry is Pausable, Officers {
    bytes32 private constant REGISTER_AGENCY_TYPEHASH =
        keccak256(
            "RegisterAgency(uint8 kind,uint64 region,uint16 allowedRoles,bytes32 documentHash,address firstAdmin,uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant RESTORE_ADMIN_TYPEHASH =
        keccak256(
            "RestoreAdmin(uint32 agency,address admin,uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant BIND_KEY_TYPEHASH =
        keccak256(
            "BindKey(address admin,address secondAdmin,uint32 agency,address key,uint16 roles,bytes32 officer,uint64 validFrom,uint64 validUntil,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant RETIRE_KEY_TYPEHASH =
        keccak256("RetireKey(address actor,address key,uint256 nonce,uint64 deadline)");
    bytes32 private constant REVOKE_KEY_TYPEHASH =
        keccak256(
            "RevokeKey(address actor,address key,uint16 reason,uint64 suspectFrom,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant SET_ENDPOINT_TYPEHASH =
        keccak256("SetEndpoint(address admin,bytes32 documentHash,uint256 nonce,uint64 deadline)");
    bytes32 private constant SET_SEALING_KEY_TYPEHASH =
        keccak256("SetSealingKey(address admin,bytes32 sealingKey,uint256 nonce,uint64 deadline)");

    uint8 private constant ACTIVE = 1;
    uint8 private constant LEFT = 3;
    uint8 private constant BOUND = 1;
    uint8 private constant RETIRED = 2;
    uint8 private constant REVOKED = 3;

    uint8 private constant LAST_KIND = 52;
    uint64 private constant REGION_LIMIT = 1e15;
    uint64 private constant TIME_LIMIT = uint64(1) << 53;
    uint256 private constant MOST_ADMINS = 16;
    bytes32 private constant SUSPECT_WINDOW = "suspectWindow";

    IParameters private immutable _parameters;

    uint32 private _agencyCount;
    mapping(uint32 agency => Agency) private _agencies;
    mapping(address key => KeyInfo) private _keys;
    /// @dev ADMIN keys that are not ended; expired ones are dropped when the next one is bound.
    mapping(uint32 agency => address[]) private _admins;

    /// @param governor_ Who registers agencies, sets their status and restores ADMIN keys.
    /// @param parameters_ The Parameters contract of this deployment.
    constructor(
        address governor_,
        address parameters_
    ) SigningDomain("Gongzhi AgencyRegistry") Governed(governor_) {
        _parameters = IParameters(_requireContract(parameters_));
    }

    /// @inheritdoc IAgencyRegistry
    function registerAgency(
        RegisterAgency calldata message,
        bytes calldata signature
    ) external onlyGovernor returns (uint32 agency) {
        bytes32 structHash = keccak256(abi.encode(REGISTER_AGENCY_TYPEHASH, message));
        _consume(structHash, message.firstAdmin, message.nonce, message.deadline, signature);
        if (message.kind == 0 || message.kind > LAST_KIND) revert AgencyKindUnknown(message.kind);
        if (message.region == 0 || message.region >= REGION_LIMIT) revert RegionInvalid(message.region);
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        _requireAllowable(message.allowedRoles);

        agency = ++_agencyCount;
        Agency storage registered = _agencies[agency];
        registered.kind = message.kind;
        registered.status = ACTIVE;
        registered.allowedRoles = message.allowedRoles;
        registered.region = message.region;
        registered.documentHash = message.documentHash;
        emit AgencyRegistered(
            agency,
            message.kind,
            message.region,
            message.allowedRoles,
            message.documentHash
        );
        _bind(message.firstAdmin, agency, Roles.ADMIN_BIT, message.validFrom, message.validUntil);
    }

    /// @inheritdoc IAgencyRegistry
    function setStatus(uint32 agency, uint8 status) external onlyGovernor {
        Agency storage member = _member(agency);
        if (status == 0 || status > LEFT || status == member.status) revert StatusInvalid(status);
        member.status = status;
        emit AgencyStatusSet(agency, status);
    }

    /// @inheritdoc IAgencyRegistry
    function setAllowedRoles(uint32 agency, uint16 allowedRoles) external onlyGovernor {
        Agency storage member = _member(agency);
        _requireAllowable(allowedRoles);
        member.allowedRoles = allowedRoles;
        emit AllowedRolesSet(agency, allowedRoles);
    }

    /// @inheritdoc IAgencyRegistry
    function restoreAdmin(RestoreAdmin calldata message, bytes calldata signature) external onlyGovernor {
        bytes32 structHash = keccak256(abi.encode(RESTORE_ADMIN_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        _member(message.agency);
        if (_usableAdminCount(message.agency) != 0) revert AdminStillUsable(message.agency);
        _bind(message.admin, message.agency, Roles.ADMIN_BIT, message.validFrom, message.validUntil);
    }

    /// @inheritdoc IAgencyRegistry
    function revokeKeyAsGovernor(address key, uint16 reason, uint64 suspectFrom) external onlyGovernor {
        _revoke(key, reason, suspectFrom);
    }

    /// @inheritdoc IAgencyRegistry
    function bindKey(
        BindKey calldata message,
        bytes calldata adminSignature,
        bytes calldata keySignature,
        bytes calldata secondAdminSignature
    ) external whenNotPaused {
        bytes32 digest = _consume(
            keccak256(abi.encode(BIND_KEY_TYPEHASH, message)),
            message.admin,
            message.nonce,
            message.deadline,
            adminSignature
        );
        _requireSigned(digest, message.key, keySignature);
        uint32 agency = message.agency;
        uint8 status = _agencies[agency].status;
        if (status != ACTIVE) revert AgencyNotActive(agency, status);
        _requireAdmin(message.admin, agency);
        if (message.secondAdmin != address(0)) {
            if (message.secondAdmin == message.admin) revert SecondAdminSame(message.admin);
            _requireSigned(digest, message.secondAdmin, secondAdminSignature);
            _requireAdmin(message.secondAdmin, agency);
        } else if (message.roles & Roles.GRAVE != 0 && _usableAdminCount(agency) > 1) {
            revert SecondAdminRequired(agency, message.roles);
        }
        _bind(message.key, agency, message.roles, message.validFrom, message.validUntil);
        _nameOfficer(message.key, agency, message.roles, message.officer);
    }

    /// @inheritdoc IAgencyRegistry
    function retireKey(RetireKey calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(RETIRE_KEY_TYPEHASH, message));
        _consume(structHash, message.actor, message.nonce, message.deadline, signature);
        KeyInfo storage info = _keys[message.key];
        _requireMayEnd(message.actor, message.key);
        if (info.state != BOUND) revert KeyAlreadyEnded(message.key, info.state);
        _requireNotLastAdmin(message.key);
        _end(message.key, RETIRED);
        emit KeyRetired(message.key, info.agency);
    }

    /// @inheritdoc IAgencyRegistry
    function revokeKey(RevokeKey calldata message, bytes calldata signature) external {
        bytes32 structHash = keccak256(abi.encode(REVOKE_KEY_TYPEHASH, message));
        _consume(structHash, message.actor, message.nonce, message.deadline, signature);
        _requireMayEnd(message.actor, message.key);
        if (message.suspectFrom != 0) {
            uint64 earliest = uint64(block.timestamp) - _parameters.parameter(SUSPECT_WINDOW);
            if (message.suspectFrom < earliest) revert SuspectFromTooEarly(message.suspectFrom, earliest);
        }
        _requireNotLastAdmin(message.key);
        _revoke(message.key, message.reason, message.suspectFrom);
    }

    /// @inheritdoc IAgencyRegistry
    function setEndpoint(
        SetEndpoint calldata message,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32 structHash = keccak256(abi.encode(SET_ENDPOINT_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        uint32 agency = _agencyOfAdmin(message.admin);
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        _agencies[agency].endpointHash = message.documentHash;
        emit EndpointSet(agency, message.documentHash);
    }

    /// @inheritdoc IAgencyRegistry
    function setSealingKey(
        SetSealingKey calldata message,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32 structHash = keccak256(abi.encode(SET_SEALING_KEY_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        uint32 agency = _agencyOfAdmin(message.admin);
        if (message.sealingKey == bytes32(0)) revert SealingKeyMissing();
        _agencies[agency].sealingKey = message.sealingKey;
        emit SealingKeySet(agency, message.sealingKey);
    }

    /// @inheritdoc IAgencyRegistry
    function agencyCount() external view returns (uint32) {
        return _agencyCount;
    }

    /// @inheritdoc IAgencyRegistry
    function agencyInfo(uint32 agency) external view returns (Agency memory) {
        return _agencies[agency];
    }

    /// @inheritdoc IAgencyRegistry
    function standing(uint32 agency) external view returns (uint8 kind, uint8 status) {
        Agency storage member = _agencies[agency];
        return (member.kind, member.status);
    }

    /// @inheritdoc IAgencyRegistry
    function keyInfo(address key) external view returns (KeyInfo memory) {
        return _keys[key];
    }

    /// @inheritdoc IAgencyRegistry
    function isEntitled(address key, uint8 role) external view returns (bool) {
        return entitledAgency(key, role) != 0;
    }

    /// @inheritdoc IAgencyRegistry
    function entitledAgency(address key, uint8 role) public view returns (uint32) {
        KeyInfo storage info = _keys[key];
        if (!_isUsable(info) || (uint256(info.roles) >> role) & 1 == 0) return 0;
        uint32 agency = info.agency;
        return _agencies[agency].status == ACTIVE ? agency : 0;
    }

    /// @inheritdoc IAgencyRegistry
    function usableAdmins(uint32 agency) external view returns (address[] memory usable) {
        address[] storage admins = _admins[agency];
        usable = new address[](_usableAdminCount(agency));
        uint256 found;
        for (uint256 i; i < admins.length; ++i) {
            if (_isUsable(_keys[admins[i]])) usable[found++] = admins[i];
        }
    }

    /// @inheritdoc IAgencyRegistry
    function parameters() external view returns (address) {
        return address(_parameters);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(IAgencyRegistry).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            interfaceId == type(IPausable).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @inheritdoc Officers
    function _rolesHeld(address key) internal view override returns (uint16) {
        KeyInfo storage info = _keys[key];
        return info.state == BOUND && block.timestamp < info.validUntil ? info.roles : 0;
    }

    /// @inheritdoc Pausable
    function _agencyOfGuardian(address key) internal view override returns (uint32) {
        return entitledAgency(key, Roles.GUARDIAN);
    }

    /// @dev The agency, which was registered and has not left.
    function _member(uint32 agency) private view returns (Agency storage member) {
        member = _agencies[agency];
        if (member.status == 0) revert AgencyUnknown(agency);
        if (member.status == LEFT) revert AgencyHasLeft(agency);
    }

    function _requireAllowable(uint16 allowedRoles) private pure {
        if (allowedRoles & ~Roles.KNOWN != 0) revert RolesUnknown(allowedRoles);
        if (allowedRoles & Roles.ADMIN_BIT == 0) revert AdminRoleMissing(allowedRoles);
    }

    /// @dev Bound, not ended, in time. The agency's status is not looked at: a suspended agency still ends its keys.
    function _isUsable(KeyInfo storage info) private view returns (bool) {
        return info.state == BOUND && info.validFrom <= block.timestamp && block.timestamp < info.validUntil;
    }

    function _isUsableAdmin(address key) private view returns (bool) {
        KeyInfo storage info = _keys[key];
        return info.roles & Roles.ADMIN_BIT != 0 && _isUsable(info);
    }

    function _requireAdmin(address key, uint32 agency) private view {
        if (_keys[key].agency != agency || !_isUsableAdmin(key)) revert NotAdmin(key, agency);
    }

    function _agencyOfAdmin(address admin) private view returns (uint32 agency) {
        agency = entitledAgency(admin, Roles.ADMIN);
        if (agency == 0) revert NotAdmin(admin, _keys[admin].agency);
    }

    function _requireMayEnd(address actor, address key) private view {
        uint32 agency = _keys[key].agency;
        if (agency == 0) revert KeyUnknown(key);
        if (actor != key) _requireAdmin(actor, agency);
    }

    function _usableAdminCount(uint32 agency) private view returns (uint256 count) {
        address[] storage admins = _admins[agency];
        for (uint256 i; i < admins.length; ++i) {
            if (_isUsable(_keys[admins[i]])) ++count;
        }
    }

    function _bind(address key, uint32 agency, uint16 roles, uint64 validFrom, uint64 validUntil) private {
        KeyInfo storage info = _keys[key];
        if (info.state != 0) revert KeyAlreadyBound(key, info.agency);
        if (roles == 0 || roles & ~Roles.KNOWN != 0) revert RolesUnknown(roles);
        uint16 allowedRoles = _agencies[agency].allowedRoles;
        if (roles & ~allowedRoles != 0) revert RolesNotAllowed(roles, allowedRoles);
        uint16 pair = Roles.exclusivePair(roles);
        if (pair != 0) revert RolesExclusive(roles, pair);
        if (validFrom >= validUntil || validUntil <= block.timestamp || validUntil >= TIME_LIMIT) {
            revert ValidityInvalid(validFrom, validUntil);
        }
        info.agency = agency;
        info.roles = roles;
        info.state = BOUND;
        info.validFrom = validFrom;
        info.validUntil = validUntil;
        if (roles & Roles.ADMIN_BIT != 0) _addAdmin(key, agency);
        emit KeyBound(key, agency, roles, validFrom, validUntil);
    }

    function _addAdmin(address key, uint32 agency) private {
        address[] storage admins = _admins[agency];
        for (uint256 i = admins.length; i > 0; --i) {
            if (_keys[admins[i - 1]].validUntil <= block.timestamp) _removeAt(admins, i - 1);
        }
        if (admins.length >= MOST_ADMINS) revert TooManyAdmins(agency, MOST_ADMINS);
        admins.push(key);
    }

    function _removeAt(address[] storage admins, uint256 index) private {
        admins[index] = admins[admins.length - 1];
        admins.pop();
    }

    function _revoke(address key, uint16 reason, uint64 suspectFrom) private {
        KeyInfo storage info = _keys[key];
        if (info.state == 0) revert KeyUnknown(key);
        if (info.state == REVOKED) revert KeyAlreadyEnded(key, REVOKED);
        if (reason == 0) revert ReasonMissing();
        if (suspectFrom > block.timestamp) revert SuspectFromInFuture(suspectFrom, block.timestamp);
        _end(key, REVOKED);
        info.suspectFrom = suspectFrom;
        emit KeyRevoked(key, info.agency, reason, suspectFrom);
    }

    function _requireNotLastAdmin(address key) private view {
        uint32 agency = _keys[key].agency;
        if (_isUsableAdmin(key) && _usableAdminCount(agency) == 1) revert LastAdmin(agency, key);
    }

    function _end(address key, uint8 state) private {
        KeyInfo storage info = _keys[key];
        if (info.state == BOUND && info.roles & Roles.ADMIN_BIT != 0) _dropAdmin(key, info.agency);
        info.state = state;
        if (info.endedAt == 0) info.endedAt = uint64(block.timestamp);
    }

    function _dropAdmin(address key, uint32 agency) private {
        address[] storage admins = _admins[agency];
        for (uint256 i; i < admins.length; ++i) {
            if (admins[i] == key) return _removeAt(admins, i);
        }
    }
}
