// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Member agencies and their keys
/// @notice An agency acts through keys. A key is bound once, to one agency, with fixed roles and a fixed validity;
/// other roles need another key. All times are Unix seconds, UTC; validity is half-open: [validFrom, validUntil).
/// Roles are a bitmap (bit 0 ADMIN, 1 SUBMIT, 2 REQUEST, 3 DECIDE, 4 EMERGENCY, 5 SUPERVISE, 6 REVIEW, 7 ANCHOR,
/// 8 GUARDIAN, 9 AUDIT, 10 API_SIGN, 11 RELAY, 12 READ). Expiry is computed, never stored. The officer of a key is a
/// pseudonym that the agency makes with a secret of its own: nobody else can tell who it is, or join the officers of two
/// agencies. Roles that exclude each other never stand on keys of one officer that are neither ended nor expired; that
/// the pseudonym is his is the statement of the ADMIN who binds.
interface IAgencyRegistry {
    /// @notice What is known of an agency now.
    /// @param kind Kind of agency, 1 to 52.
    /// @param status 1 active, 2 suspended, 3 left (final); 0 = never registered.
    /// @param allowedRoles Roles that the agency may give to new keys (bitmap).
    /// @param region Region code, at most 15 digits.
    /// @param documentHash Keccak-256 of the registration document.
    /// @param endpointHash Keccak-256 of the gateway's endpoint document, zero if none.
    /// @param sealingKey X25519 public key for content sealed to the agency, zero if none.
    struct Agency {
        uint8 kind;
        uint8 status;
        uint16 allowedRoles;
        uint64 region;
        bytes32 documentHash;
        bytes32 endpointHash;
        bytes32 sealingKey;
    }

    /// @notice What is known of a key now.
    /// @param agency Agency that the key is bound to, 0 if never bound.
    /// @param roles Roles of the key (bitmap), fixed.
    /// @param state 1 bound, 2 retired, 3 revoked; 0 = never bound. An expired key stays 1.
    /// @param validFrom First second of validity (Unix seconds).
    /// @param validUntil First second after validity (Unix seconds).
    /// @param endedAt Block time at which the key was first retired or revoked (Unix seconds), 0 if it was not.
    /// @param suspectFrom Time since which the agency calls the key suspect (Unix seconds), 0 if it does not.
    struct KeyInfo {
        uint32 agency;
        uint16 roles;
        uint8 state;
        uint64 validFrom;
        uint64 validUntil;
        uint64 endedAt;
        uint64 suspectFrom;
    }

    /// @notice Signed by `firstAdmin`, which proves that somebody holds it and agrees with the whole registration.
    /// @param kind Kind of agency, 1 to 52.
    /// @param region Region code, 1 to 15 digits.
    /// @param allowedRoles Roles that the agency may give to its keys (bitmap), ADMIN among them.
    /// @param documentHash Keccak-256 of the registration document, not zero.
    /// @param firstAdmin First key of the agency; it gets role ADMIN and no other.
    /// @param validFrom First second of that key's validity (Unix seconds).
    /// @param validUntil First second after it (Unix seconds).
    /// @param nonce Keyed nonce of `firstAdmin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RegisterAgency {
        uint8 kind;
        uint64 region;
        uint16 allowedRoles;
        bytes32 documentHash;
        address firstAdmin;
        uint64 validFrom;
        uint64 validUntil;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by the key that is to be the ADMIN of an agency that has no usable one left.
    /// @param agency The agency.
    /// @param admin Its new ADMIN key.
    /// @param validFrom First second of validity (Unix seconds).
    /// @param validUntil First second after validity (Unix seconds).
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RestoreAdmin {
        uint32 agency;
        address admin;
        uint64 validFrom;
        uint64 validUntil;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `admin`, by `key` itself (possession), and by `secondAdmin` if that is not zero.
    /// @param admin A usable ADMIN key of the agency.
    /// @param secondAdmin Another usable ADMIN key of the agency, or zero. Keys with ADMIN, DECIDE, EMERGENCY or API_SIGN
    /// need one where the agency has two.
    /// @param agency The agency.
    /// @param key Key to bind; it must never have been bound before.
    /// @param roles Roles of the key (bitmap), within the agency's allowed roles.
    /// @param officer The agency's pseudonym of the person who holds the key; zero only for a key with no role that
    /// excludes another one.
    /// @param validFrom First second of validity (Unix seconds).
    /// @param validUntil First second after validity (Unix seconds).
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct BindKey {
        address admin;
        address secondAdmin;
        uint32 agency;
        address key;
        uint16 roles;
        bytes32 officer;
        uint64 validFrom;
        uint64 validUntil;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `actor`: a usable ADMIN of the key's agency, or the key itself.
    /// @param actor Key that signs.
    /// @param key Key that is retired: its work is done, nothing is suspected.
    /// @param nonce Keyed nonce of `actor`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RetireKey {
        address actor;
        address key;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `actor`: a usable ADMIN of the key's agency, or the key itself.
    /// @param actor Key that signs.
    /// @param key Key that is revoked; a retired or expired one may still be.
    /// @param reason Code of the reason, not 0.
    /// @param suspectFrom Since when the key is suspect (Unix seconds), 0 if it is not.
    /// @param nonce Keyed nonce of `actor`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct RevokeKey {
        address actor;
        address key;
        uint16 reason;
        uint64 suspectFrom;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `admin` for its own agency.
    /// @param admin A usable ADMIN key.
    /// @param documentHash Keccak-256 of the endpoint document (where the agency's gateway answers), not zero.
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct SetEndpoint {
        address admin;
        bytes32 documentHash;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice Signed by `admin` for its own agency.
    /// @param admin A usable ADMIN key.
    /// @param sealingKey X25519 public key, not zero.
    /// @param nonce Keyed nonce of `admin`.
    /// @param deadline Last second at which the message may be taken (Unix seconds).
    struct SetSealingKey {
        address admin;
        bytes32 sealingKey;
        uint256 nonce;
        uint64 deadline;
    }

    /// @notice An agency became a member; it is active from this block.
    /// @param agency Number of the agency, counted from 1.
    /// @param kind Kind of agency.
    /// @param region Region code.
    /// @param allowedRoles Roles that it may give (bitmap).
    /// @param documentHash Keccak-256 of the registration document.
    event AgencyRegistered(
        uint32 indexed agency,
        uint8 indexed kind,
        uint64 indexed region,
        uint16 allowedRoles,
        bytes32 documentHash
    );

    /// @notice The governor set an agency's status.
    /// @param agency Number of the agency.
    /// @param status 1 active, 2 suspended, 3 left (final).
    event AgencyStatusSet(uint32 indexed agency, uint8 status);

    /// @notice The governor set the roles that an agency may give. Keys bound before keep theirs.
    /// @param agency Number of the agency.
    /// @param allowedRoles Roles (bitmap).
    event AllowedRolesSet(uint32 indexed agency, uint16 allowedRoles);

    /// @notice A key was bound.
    /// @param key The key.
    /// @param agency Agency that it acts for.
    /// @param roles Its roles (bitmap).
    /// @param validFrom First second of validity (Unix seconds).
    /// @param validUntil First second after validity (Unix seconds).
    event KeyBound(
        address indexed key,
        uint32 indexed agency,
        uint16 roles,
        uint64 validFrom,
        uint64 validUntil
    );

    /// @notice The officer of a key was named, in the transaction that bound it.
    /// @param key The key.
    /// @param agency Its agency.
    /// @param officer The agency's pseudonym of the person who holds the key.
    event OfficerNamed(address indexed key, uint32 indexed agency, bytes32 indexed officer);

    /// @notice A key was retired.
    /// @param key The key.
    /// @param agency Its agency.
    event KeyRetired(address indexed key, uint32 indexed agency);

    /// @notice A key was revoked.
    /// @param key The key.
    /// @param agency Its agency.
    /// @param reason Code of the reason.
    /// @param suspectFrom Since when it is suspect (Unix seconds), 0 if it is not.
    event KeyRevoked(address indexed key, uint32 indexed agency, uint16 reason, uint64 suspectFrom);

    /// @notice An agency named its endpoint document.
    /// @param agency The agency.
    /// @param documentHash Keccak-256 of the document.
    event EndpointSet(uint32 indexed agency, bytes32 documentHash);

    /// @notice An agency named its sealing key.
    /// @param agency The agency.
    /// @param sealingKey X25519 public key.
    event SealingKeySet(uint32 indexed agency, bytes32 sealingKey);

    /// @notice No agency has this number.
    error AgencyUnknown(uint32 agency);
    /// @notice The agency is not active.
    error AgencyNotActive(uint32 agency, uint8 status);
    /// @notice The agency has left, which is final.
    error AgencyHasLeft(uint32 agency);
    /// @notice A kind is 1 to 52, so that bitmaps of kinds stay exact in JSON.
    error AgencyKindUnknown(uint8 kind);
    /// @notice A region code has 1 to 15 digits.
    error RegionInvalid(uint64 region);
    /// @notice A status is 1 active, 2 suspended or 3 left, and another than now.
    error StatusInvalid(uint8 status);
    /// @notice A document's hash must not be zero.
    error DocumentHashMissing();
    /// @notice A sealing key must not be zero.
    error SealingKeyMissing();

    /// @notice Roles must be some of the thirteen that exist.
    error RolesUnknown(uint16 roles);
    /// @notice These roles are not allowed to the agency.
    error RolesNotAllowed(uint16 roles, uint16 allowedRoles);
    /// @notice These two roles never stand on one key.
    error RolesExclusive(uint16 roles, uint16 pair);
    /// @notice A key with any of REQUEST, DECIDE, EMERGENCY, SUPERVISE, REVIEW and AUDIT needs an officer.
    error OfficerMissing(uint16 roles);
    /// @notice With this key one officer would hold two roles that exclude each other; `roles` are all that he would.
    error OfficerRolesExclusive(bytes32 officer, uint16 roles, uint16 pair);
    /// @notice An officer has at most 16 keys that are neither ended nor expired.
    error TooManyKeysOfOfficer(bytes32 officer, uint256 most);
    /// @notice An agency must be allowed to have ADMIN keys.
    error AdminRoleMissing(uint16 allowedRoles);
    /// @notice Validity must begin before it ends, end in the future, and end below 2^53.
    error ValidityInvalid(uint64 validFrom, uint64 validUntil);

    /// @notice The key is, or was, bound already; a binding is for ever.
    error KeyAlreadyBound(address key, uint32 agency);
    /// @notice The key was never bound.
    error KeyUnknown(address key);
    /// @notice The key is retired (2) or revoked (3) already.
    error KeyAlreadyEnded(address key, uint8 state);
    /// @notice The key is not a usable ADMIN key of the agency.
    error NotAdmin(address key, uint32 agency);
    /// @notice A key with these roles needs the signature of a second, different ADMIN: the agency has two.
    error SecondAdminRequired(uint32 agency, uint16 roles);
    /// @notice The same key cannot be the second ADMIN.
    error SecondAdminSame(address admin);
    /// @notice This is the last usable ADMIN key of the agency; only the governor may end it.
    error LastAdmin(uint32 agency, address key);
    /// @notice The agency has a usable ADMIN key; nothing needs to be restored.
    error AdminStillUsable(uint32 agency);
    /// @notice An agency has at most 16 ADMIN keys that are neither ended nor expired.
    error TooManyAdmins(uint32 agency, uint256 most);
    /// @notice A revocation needs a reason.
    error ReasonMissing();
    /// @notice Only the governor may call a key suspect since longer ago than the parameter `suspectWindow`.
    error SuspectFromTooEarly(uint64 suspectFrom, uint64 earliest);
    /// @notice A key cannot be suspect from the future on.
    error SuspectFromInFuture(uint64 suspectFrom, uint256 time);

    /// @notice Register an agency; the governor sends it, the first ADMIN key has signed it.
    /// @param message The signed message.
    /// @param signature Signature of `message.firstAdmin`.
    /// @return agency Number of the new agency.
    function registerAgency(RegisterAgency calldata message, bytes calldata signature)
        external
        returns (uint32 agency);

    /// @notice Set an agency's status; the governor sends it.
    function setStatus(uint32 agency, uint8 status) external;

    /// @notice Set the roles that an agency may give to new keys; the governor sends it. Bound keys keep their roles.
    function setAllowedRoles(uint32 agency, uint16 allowedRoles) external;

    /// @notice Give an ADMIN key to an agency that has no usable one; the governor sends it.
    /// @param message The signed message.
    /// @param signature Signature of `message.admin`.
    function restoreAdmin(RestoreAdmin calldata message, bytes calldata signature) external;

    /// @notice Revoke any key, the last ADMIN too, and suspect since any time; the governor sends it.
    function revokeKeyAsGovernor(address key, uint16 reason, uint64 suspectFrom) external;

    /// @notice Bind a key to an agency.
    /// @param message The signed message.
    /// @param adminSignature Signature of `message.admin`.
    /// @param keySignature Signature of `message.key`.
    /// @param secondAdminSignature Signature of `message.secondAdmin`; not read if that is zero.
    function bindKey(
        BindKey calldata message,
        bytes calldata adminSignature,
        bytes calldata keySignature,
        bytes calldata secondAdminSignature
    ) external;

    /// @notice Retire a key.
    function retireKey(RetireKey calldata message, bytes calldata signature) external;

    /// @notice Revoke a key.
    function revokeKey(RevokeKey calldata message, bytes calldata signature) external;

    /// @notice Name the endpoint document of the signer's agency.
    function setEndpoint(SetEndpoint calldata message, bytes calldata signature) external;

    /// @notice Name the sealing key of the signer's agency.
    function setSealingKey(SetSealingKey calldata message, bytes calldata signature) external;

    /// @notice How many agencies were ever registered; their numbers are 1 to this.
    function agencyCount() external view returns (uint32);

    /// @notice What is known of an agency now; all zero if it does not exist.
    function agencyInfo(uint32 agency) external view returns (Agency memory);

    /// @notice Kind and status of an agency now, both 0 if it does not exist.
    function standing(uint32 agency) external view returns (uint8 kind, uint8 status);

    /// @notice What is known of a key now; all zero if it was never bound.
    function keyInfo(address key) external view returns (KeyInfo memory);

    /// @notice The officer that was named when the key was bound, zero if none was.
    function officerOf(address key) external view returns (bytes32);

    /// @notice Whether the key may act in a role now: bound, in time, not ended, its agency active.
    /// @param key The key.
    /// @param role Number of the role (its bit), 0 to 12.
    function isEntitled(address key, uint8 role) external view returns (bool);

    /// @notice The agency for which the key may act in a role now, 0 if it may not.
    /// @param key The key.
    /// @param role Number of the role (its bit), 0 to 12.
    function entitledAgency(address key, uint8 role) external view returns (uint32);

    /// @notice The ADMIN keys of an agency that are usable now, at most 16.
    function usableAdmins(uint32 agency) external view returns (address[] memory);

    /// @notice The contract with the parameters (suspectWindow).
    function parameters() external view returns (address);
}
