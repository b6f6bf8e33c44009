export { ApiKeyAuthenticator, type Caller } from './authenticator';
export { bootstrapTenant, type Bootstrapped, type BootstrapInput } from './bootstrap';
export { type ApiKeyView, createKey, type KeyCreator, listKeys, type NewKey, revokeAgentKeys, revokeKey } from './keys';
export { type KnownPrincipal, knownPrincipals } from './known';
export { credentialOf, noteProof } from './proofs';
export { createSession, csrfOf, endSession, type NewSession, SessionAuthenticator } from './sessions';
export { type Credential, endedCredentials } from './standing';
export { beyondHolder, type Grant, scopesAllow } from './scopes';
export { hashOf, mintKey, tokenOf } from './secret';
