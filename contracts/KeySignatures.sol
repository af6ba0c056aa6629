// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Signatures of keys, and of contracts that stand for keys (ERC-1271)
library KeySignatures {
    /// @dev Whether `signer` has signed `digest`. Almost every signer is a key: its signature is tried first, since to
    /// ask whether there is a contract at its address costs 2,600 gas.
    function isSigned(address signer, bytes32 digest, bytes calldata signature) internal view returns (bool) {
        (address recovered, ECDSA.RecoverError failure, ) = ECDSA.tryRecover(digest, signature);
        if (failure == ECDSA.RecoverError.NoError && recovered == signer) return true;
        return SignatureChecker.isValidSignatureNow(signer, digest, signature);
    }
}
