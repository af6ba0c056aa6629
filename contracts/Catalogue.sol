// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Governed} from "./Governed.sol";
import {Pausable} from "./Pausable.sol";
import {Roles} from "./Roles.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {IAgencyRegistry} from "./interfaces/IAgencyRegistry.sol";
import {ICatalogue} from "./interfaces/ICatalogue.sol";
import {IGoverned} from "./interfaces/IGoverned.sol";
import {IPausable} from "./interfaces/IPausable.sol";

/// @title Catalogue, as ICatalogue documents it
contract Catalogue is Pausable, ICatalogue {
    bytes32 private constant PUBLISH_ITEM_TYPEHASH =
        keccak256(
            "PublishItem(address responsibleAdmin,address authorityAdmin,uint32 item,uint32 version,uint32 responsible,uint8 shareClass,bytes32 schemaHash,uint64 publisherKinds,uint64 readerKinds,uint64 purposes,bytes32 maskPolicyHash,bytes32 class1Profile,uint32 updateEverySeconds,uint16 checkDays,uint16 answerDays,uint16 deliverDays,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant RETIRE_ITEM_TYPEHASH =
        keccak256(
            "RetireItem(address responsibleAdmin,address authorityAdmin,uint32 item,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant SET_DUTY_LIST_TYPEHASH =
        keccak256(
            "SetDutyList(address admin,uint32 version,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );
    bytes32 private constant SET_CALENDAR_TYPEHASH =
        keccak256(
            "SetCalendar(address admin,uint32 version,bytes32 documentHash,uint256 nonce,uint64 deadline)"
        );

    /// @dev Bits 1 to 52: exact in JSON, and bit 0 would be the code None.
    uint64 private constant KNOWN_BITS = (uint64(1) << 53) - 2;
    uint8 private constant ACTIVE = 1;
    uint8 private constant UNCONDITIONAL = 1;
    uint8 private constant NOT_SHARED = 3;

    IAgencyRegistry private immutable _registry;

    uint32 private _catalogueAuthority;
    VersionedDocument private _dutyList;
    VersionedDocument private _calendar;
    mapping(uint32 item => ItemState) private _states;
    mapping(uint32 item => mapping(uint32 version => ItemVersion)) private _versions;

    /// @param governor_ Who names the catalogue authority.
    /// @param registry_ The AgencyRegistry of this deployment.
    constructor(
        address governor_,
        address registry_
    ) SigningDomain("Gongzhi Catalogue") Governed(governor_) {
        _registry = IAgencyRegistry(_requireContract(registry_));
    }

    /// @inheritdoc ICatalogue
    function setCatalogueAuthority(uint32 agency) external onlyGovernor {
        uint8 status = _registry.agencyInfo(agency).status;
        if (status != ACTIVE) revert AgencyNotActive(agency, status);
        _catalogueAuthority = agency;
        emit CatalogueAuthoritySet(agency);
    }

    /// @inheritdoc ICatalogue
    function publishItem(
        PublishItem calldata message,
        bytes calldata responsibleSignature,
        bytes calldata authoritySignature
    ) external whenNotPaused {
        bytes32 digest = _consume(
            keccak256(abi.encode(PUBLISH_ITEM_TYPEHASH, message)),
            message.responsibleAdmin,
            message.nonce,
            message.deadline,
            responsibleSignature
        );
        _requireAdmin(message.responsibleAdmin, message.responsible);
        _requireAuthority(digest, message.responsible, message.authorityAdmin, authoritySignature);
        _requirePublishable(message);
        _requireNextVersion(message);
        _store(message);
        _emitPublished(message);
    }

    /// @inheritdoc ICatalogue
    function retireItem(
        RetireItem calldata message,
        bytes calldata responsibleSignature,
        bytes calldata authoritySignature
    ) external whenNotPaused {
        bytes32 digest = _consume(
            keccak256(abi.encode(RETIRE_ITEM_TYPEHASH, message)),
            message.responsibleAdmin,
            message.nonce,
            message.deadline,
            responsibleSignature
        );
        ItemState storage state = _states[message.item];
        uint32 responsible = state.responsible;
        if (responsible == 0) revert ItemUnknown(message.item);
        _requireAdmin(message.responsibleAdmin, responsible);
        _requireAuthority(digest, responsible, message.authorityAdmin, authoritySignature);
        if (state.retired) revert ItemAlreadyRetired(message.item);
        state.retired = true;
        emit ItemRetired(message.item);
    }

    /// @inheritdoc ICatalogue
    function setDutyList(
        SetDutyList calldata message,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32 structHash = keccak256(abi.encode(SET_DUTY_LIST_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        _requireAdmin(message.admin, _catalogueAuthority);
        _replace(_dutyList, message.version, message.documentHash);
        emit DutyListSet(message.version, message.documentHash);
    }

    /// @inheritdoc ICatalogue
    function setCalendar(
        SetCalendar calldata message,
        bytes calldata signature
    ) external whenNotPaused {
        bytes32 structHash = keccak256(abi.encode(SET_CALENDAR_TYPEHASH, message));
        _consume(structHash, message.admin, message.nonce, message.deadline, signature);
        _requireAdmin(message.admin, _catalogueAuthority);
        _replace(_calendar, message.version, message.documentHash);
        emit CalendarSet(message.version, message.documentHash);
    }

    /// @inheritdoc ICatalogue
    function catalogueAuthority() external view returns (uint32) {
        return _catalogueAuthority;
    }

    /// @inheritdoc ICatalogue
    function item(uint32 number, uint32 itemVersion) external view returns (ItemVersion memory) {
        return _versions[number][itemVersion];
    }

    /// @inheritdoc ICatalogue
    function itemState(uint32 number) external view returns (ItemState memory) {
        return _states[number];
    }

    /// @inheritdoc ICatalogue
    function admission(uint32 number, uint32 itemVersion) external view returns (Admission memory) {
        ItemState storage state = _states[number];
        ItemVersion storage published = _versions[number][
            itemVersion == 0 ? state.latestVersion : itemVersion
        ];
        return
            Admission({
                shareClass: published.shareClass,
                retired: state.retired,
                publisherKinds: published.publisherKinds,
                readerKinds: published.readerKinds,
                purposes: published.purposes
            });
    }

    /// @inheritdoc ICatalogue
    function dutyList() external view returns (VersionedDocument memory) {
        return _dutyList;
    }

    /// @inheritdoc ICatalogue
    function calendar() external view returns (VersionedDocument memory) {
        return _calendar;
    }

    /// @inheritdoc ICatalogue
    function registry() external view returns (address) {
        return address(_registry);
    }

    /// @inheritdoc SigningDomain
    function supportsInterface(bytes4 interfaceId) public view override returns (bool) {
        return
            interfaceId == type(ICatalogue).interfaceId ||
            interfaceId == type(IGoverned).interfaceId ||
            interfaceId == type(IPausable).interfaceId ||
            super.supportsInterface(interfaceId);
    }

    /// @inheritdoc Pausable
    function _agencyOfGuardian(address key) internal view override returns (uint32) {
        return _registry.entitledAgency(key, Roles.GUARDIAN);
    }

    function _requireAdmin(address key, uint32 agency) private view {
        if (agency == 0 || _registry.entitledAgency(key, Roles.ADMIN) != agency) revert NotAdmin(key, agency);
    }

    function _requireAuthority(
        bytes32 digest,
        uint32 responsible,
        address authorityAdmin,
        bytes calldata signature
    ) private view {
        uint32 authority = _catalogueAuthority;
        if (authorityAdmin == address(0)) {
            if (responsible != authority) revert AuthoritySignatureRequired(authority, responsible);
            return;
        }
        _requireSigned(digest, authorityAdmin, signature);
        _requireAdmin(authorityAdmin, authority);
    }

    function _requirePublishable(PublishItem calldata message) private pure {
        if (message.item == 0) revert ItemNumberMissing();
        if (message.shareClass == 0 || message.shareClass > NOT_SHARED) {
            revert ShareClassUnknown(message.shareClass);
        }
        if ((message.shareClass == UNCONDITIONAL) != (message.class1Profile != bytes32(0))) {
            revert Class1ProfileMismatch(message.shareClass, message.class1Profile);
        }
        if (message.schemaHash == bytes32(0)) revert SchemaHashMissing();
        if (message.documentHash == bytes32(0)) revert DocumentHashMissing();
        if (message.publisherKinds == 0 || message.publisherKinds & ~KNOWN_BITS != 0) {
            revert KindsInvalid(message.publisherKinds);
        }
        if (message.readerKinds & ~KNOWN_BITS != 0) revert KindsInvalid(message.readerKinds);
        if (message.purposes & ~KNOWN_BITS != 0) revert PurposesInvalid(message.purposes);
    }

    function _requireNextVersion(PublishItem calldata message) private view {
        ItemState storage state = _states[message.item];
        if (state.retired) revert ItemAlreadyRetired(message.item);
        if (state.responsible != 0 && state.responsible != message.responsible) {
            revert ResponsibleChanged(message.item, state.responsible);
        }
        uint32 next = state.latestVersion + 1;
        if (message.version != next) revert VersionNotNext(message.version, next);
    }

    function _store(PublishItem calldata message) private {
        ItemState storage state = _states[message.item];
        state.responsible = message.responsible;
        state.latestVersion = message.version;
        ItemVersion storage published = _versions[message.item][message.version];
        published.responsible = message.responsible;
        published.shareClass = message.shareClass;
        published.publisherKinds = message.publisherKinds;
        published.readerKinds = message.readerKinds;
        published.purposes = message.purposes;
        published.updateEverySeconds = message.updateEverySeconds;
        published.checkDays = message.checkDays;
        published.answerDays = message.answerDays;
        published.deliverDays = message.deliverDays;
        published.schemaHash = message.schemaHash;
        published.maskPolicyHash = message.maskPolicyHash;
        published.class1Profile = message.class1Profile;
        published.documentHash = message.documentHash;
    }

    function _emitPublished(PublishItem calldata message) private {
        emit ItemPublished(
            message.item,
            message.version,
            message.responsible,
            message.shareClass,
            message.schemaHash,
            message.publisherKinds,
            message.readerKinds,
            message.purposes,
            message.maskPolicyHash,
            message.class1Profile,
            message.updateEverySeconds,
            message.checkDays,
            message.answerDays,
            message.deliverDays,
            message.documentHash
        );
    }

    function _replace(VersionedDocument storage document, uint32 newVersion, bytes32 documentHash) private {
        if (documentHash == bytes32(0)) revert DocumentHashMissing();
        uint32 next = document.version + 1;
        if (newVersion != next) revert VersionNotNext(newVersion, next);
        document.version = newVersion;
        document.documentHash = documentHash;
    }
}
