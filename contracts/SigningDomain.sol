// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {ISigningDomain} from "./interfaces/ISigningDomain.sol";

/// @title Domain, version and ERC-165 of every contract
/// @dev Names have at most 31 bytes, so that OpenZeppelin's EIP712 keeps them in code and nothing in storage.
abstract contract SigningDomain is EIP712, ERC165, ISigningDomain {
    string private constant VERSION = "1";

    constructor(string memory name) EIP712(name, VERSION) {}

    /// @inheritdoc ISigningDomain
    function version() external pure returns (string memory) {
        return VERSION;
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 interfaceId) public view virtual override returns (bool) {
        return
            interfaceId == type(IERC5267).interfaceId ||
            interfaceId == type(ISigningDomain).interfaceId ||
            super.supportsInterface(interfaceId);
    }
}
