// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {NoncesKeyed} from "@openzeppelin/contracts/utils/NoncesKeyed.sol";
import {KeySignatures} from "./KeySignatures.sol";
import {SigningDomain} from "./SigningDomain.sol";
import {ITypedMessages} from "./interfaces/ITypedMessages.sol";

/// @title Checking of signed, relayed messages
/// @dev A message is consumed by the keyed nonce of its first signer; further signers sign the same digest, so it cannot
/// be replayed with theirs either. No check ever looks at who relays.
abstract contract TypedMessages is SigningDomain, NoncesKeyed, ITypedMessages {
    /// @dev Consume a message: in time, signed by `signer`, nonce unused. Returns the digest for further signers.
    function _consume(
        bytes32 structHash,
        address signer,
        uint256 nonce,
        uint64 deadline,
        bytes calldata signature
    ) internal returns (bytes32 digest) {
        if (block.timestamp > deadline) revert DeadlinePassed(deadline, block.timestamp);
        digest = _hashTypedDataV4(structHash);
        _requireSigned(digest, signer, signature);
        _useCheckedNonce(signer, nonce);
    }

    /// @dev Revert unless `signer` has signed `digest`.
    function _requireSigned(bytes32 digest, address signer, bytes calldata signature) internal view {
        if (!KeySignatures.isSigned(signer, digest, signature)) revert SignatureInvalid(signer);
    }

    /// @dev Revert unless there is a contract at `given`; returns it.
    function _requireContract(address given) internal view returns (address) {
        if (given.code.length == 0) revert ContractMissing(given);
        return given;
    }
}
