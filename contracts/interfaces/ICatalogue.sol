// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The catalogue of what is shared
/// @notice An item version is agreed by its responsible agency and the catalogue authority (an agency that is both signs
/// once) and never changes afterwards. Kinds of agencies and purposes are bitmaps (bit i = kind or purpose i, 1 to 52).
interface ICatalogue {
    /// @notice Signed by `responsibleAdmin`, and by `authorityAdmin` unless that is zero.
    /// @param responsibleAdmin A usable ADMIN key of the responsible agency.
    /// @param authorityAdmin A usable ADMIN key of the catalogue authority; may be zero where that is the responsible agency.
    /// @param item Number of the item, chosen by the authority, not 0.
    /// @param version Version of the item: the last one plus 1, from 1.
    /// @param responsible Responsible agency; the same for all versions.
    /// @param shareClass 1 unconditional, 2 conditional, 3 not shared.
    /// @param schemaHash Keccak-256 of the schema document, not zero.
    /// @param publisherKinds Kinds of agencies that may publish records of it (bitmap), not empty.
    /// @param readerKinds Kinds of agencies that may read it (bitmap).
    /// @param purposes Purposes for which it may be read (bitmap).
    /// @param maskPolicyHash Keccak-256 of the mask policy document, zero if there is none.
    /// @param class1Profile Hash of the profile of unconditional looks; zero exactly when `shareClass` is not 1.
    /// @param updateEverySeconds How often records are renewed (seconds), 0 = when something happens.
    /// @param checkDays Working days to check a request.
    /// @param answerDays Working days to answer a request.
    /// @param deliverDays Working days to deliver.
    /// @param documentHash Keccak-256 of the item document, not zero.
    /// @param nonce Keyed nonce of `responsibleAdmin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct PublishItem {
        address responsibleAdmin;
        address authorityAdmin;
        uint32 item;
        uint32 version;
        uint32 responsible;
        uint8 shareClass;
        bytes32 schemaHash;
        uint64 publisherKinds;
        uint64 readerKinds;
        uint64 purposes;
        bytes32 maskPolicyHash;
        bytes32 class1Profile;
        uint32 updateEverySeconds;
        uint16 checkDays;
        uint16 answerDays;
        uint16 deliverDays;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `responsibleAdmin`, and by `authorityAdmin` unless that is zero.
    /// @param responsibleAdmin A usable ADMIN key of the responsible agency.
    /// @param authorityAdmin A usable ADMIN key of the catalogue authority; may be zero where that is the responsible agency.
    /// @param item Item that is retired, all versions, for ever.
    /// @param nonce Keyed nonce of `responsibleAdmin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RetireItem {
        address responsibleAdmin;
        address authorityAdmin;
        uint32 item;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by an ADMIN of the catalogue authority.
    /// @param admin A usable ADMIN key of the catalogue authority.
    /// @param version The last version plus 1, from 1.
    /// @param documentHash Keccak-256 of the duty list, not zero.
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct SetDutyList {
        address admin;
        uint32 version;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by an ADMIN of the catalogue authority.
    /// @param admin A usable ADMIN key of the catalogue authority.
    /// @param version The last version plus 1, from 1.
    /// @param documentHash Keccak-256 of the calendar of working days, not zero.
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct SetCalendar {
        address admin;
        uint32 version;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice A published version of an item; members as in `PublishItem`.
    struct ItemVersion {
        uint32 responsible;
        uint8 shareClass;
        uint64 publisherKinds;
        uint64 readerKinds;
        uint64 purposes;
        uint32 updateEverySeconds;
        uint16 checkDays;
        uint16 answerDays;
        uint16 deliverDays;
        bytes32 schemaHash;
        bytes32 maskPolicyHash;
        bytes32 class1Profile;
        bytes32 documentHash;
    }

    /// @notice Where an item stands.
    /// @param responsible Responsible agency, 0 if the item was never published.
    /// @param latestVersion Newest version, 0 if the item was never published.
    /// @param retired Whether the item is retired.
    struct ItemState {
        uint32 responsible;
        uint32 latestVersion;
        bool retired;
    }

    /// @notice Who may use a version of an item, and whether it still stands.
    /// @param shareClass 1 unconditional, 2 conditional, 3 not shared; 0 if the version was never published.
    /// @param retired Whether the item is retired.
    /// @param publisherKinds Kinds of agencies that may publish records of it (bitmap).
    /// @param readerKinds Kinds of agencies that may read it (bitmap).
    /// @param purposes Purposes for which it may be read (bitmap).
    struct Admission {
        uint8 shareClass;
        bool retired;
        uint64 publisherKinds;
        uint64 readerKinds;
        uint64 purposes;
    }

    /// @notice A document that is replaced as a whole.
    /// @param version Its version, 0 if there is none yet.
    /// @param documentHash Keccak-256 of it.
    struct VersionedDocument {
        uint32 version;
        bytes32 documentHash;
    }

    /// @notice The governor named the agency that keeps the catalogue.
    /// @param agency The agency.
    event CatalogueAuthoritySet(uint32 indexed agency);

    /// @notice A version of an item was published; members as in `PublishItem`.
    event ItemPublished(
        uint32 indexed item,
        uint32 version,
        uint32 indexed responsible,
        uint8 shareClass,
        bytes32 indexed schemaHash,
        uint64 publisherKinds,
        uint64 readerKinds,
        uint64 purposes,
        bytes32 maskPolicyHash,
        bytes32 class1Profile,
        uint32 updateEverySeconds,
        uint16 checkDays,
        uint16 answerDays,
        uint16 deliverDays,
        bytes32 documentHash
    );

    /// @notice An item was retired, all versions.
    /// @param item The item.
    event ItemRetired(uint32 indexed item);

    /// @notice The duty list was replaced.
    /// @param version Its version.
    /// @param documentHash Keccak-256 of it.
    event DutyListSet(uint32 version, bytes32 documentHash);

    /// @notice The calendar of working days was replaced.
    /// @param version Its version.
    /// @param documentHash Keccak-256 of it.
    event CalendarSet(uint32 version, bytes32 documentHash);

    /// @notice The agency is not a registered, active one.
    error AgencyNotActive(uint32 agency, uint8 status);
    /// @notice The key is not a usable ADMIN key of the agency.
    error NotAdmin(address key, uint32 agency);
    /// @notice The signature of the catalogue authority is needed: the responsible agency is another.
    error AuthoritySignatureRequired(uint32 authority, uint32 responsible);
    /// @notice An item's number must not be 0.
    error ItemNumberMissing();
    /// @notice No such item was ever published.
    error ItemUnknown(uint32 item);
    /// @notice The item is retired, which is final.
    error ItemAlreadyRetired(uint32 item);
    /// @notice Versions follow one another without a gap.
    error VersionNotNext(uint32 version, uint32 next);
    /// @notice An item stays with its responsible agency.
    error ResponsibleChanged(uint32 item, uint32 responsible);
    /// @notice A share class is 1, 2 or 3.
    error ShareClassUnknown(uint8 shareClass);
    /// @notice A class-1 profile stands exactly where the share class is 1.
    error Class1ProfileMismatch(uint8 shareClass, bytes32 class1Profile);
    /// @notice A bitmap of kinds has bits 1 to 52; that of publishers is not empty.
    error KindsInvalid(uint64 kinds);
    /// @notice A bitmap of purposes has bits 1 to 52.
    error PurposesInvalid(uint64 purposes);
    /// @notice A schema's hash must not be zero.
    error SchemaHashMissing();
    /// @notice A document's hash must not be zero.
    error DocumentHashMissing();

    /// @notice Name the agency that keeps the catalogue; the governor sends it.
    function setCatalogueAuthority(uint32 agency) external;

    /// @notice Publish the next version of an item.
    /// @param message The signed message.
    /// @param responsibleSignature Signature of `message.responsibleAdmin`.
    /// @param authoritySignature Signature of `message.authorityAdmin`; not read if that is zero.
    function publishItem(
        PublishItem calldata message,
        bytes calldata responsibleSignature,
        bytes calldata authoritySignature
    ) external;

    /// @notice Retire an item, all versions, for ever.
    /// @param message The signed message.
    /// @param responsibleSignature Signature of `message.responsibleAdmin`.
    /// @param authoritySignature Signature of `message.authorityAdmin`; not read if that is zero.
    function retireItem(
        RetireItem calldata message,
        bytes calldata responsibleSignature,
        bytes calldata authoritySignature
    ) external;

    /// @notice Replace the duty list.
    function setDutyList(SetDutyList calldata message, bytes calldata signature) external;

    /// @notice Replace the calendar of working days.
    function setCalendar(SetCalendar calldata message, bytes calldata signature) external;

    /// @notice The agency that keeps the catalogue, 0 before one was named.
    function catalogueAuthority() external view returns (uint32);

    /// @notice A version of an item; all zero if it was never published. Whether it still stands says `itemState`.
    function item(uint32 number, uint32 itemVersion) external view returns (ItemVersion memory);

    /// @notice Where an item stands now.
    function itemState(uint32 number) external view returns (ItemState memory);

    /// @notice Who may use a version of an item now; version 0 = the newest.
    function admission(uint32 number, uint32 itemVersion) external view returns (Admission memory);

    /// @notice The duty list now.
    function dutyList() external view returns (VersionedDocument memory);

    /// @notice The calendar now.
    function calendar() external view returns (VersionedDocument memory);

    /// @notice The contract that says which key may do what.
    function registry() external view returns (address);
}
