export { ApiKeyAuthenticator, type Caller } from './authenticator';
export { bootstrapTenant, type Bootstrapped } from './bootstrap';
export { createKey, listKeys, type NewKey, revokeAgentKeys, revokeKey } from './keys';
export { type KnownPrincipal, knownPrincipals } from './known';
export { credentialOf, noteProof } from './proofs';
export { createSession, csrfOf, endSession, SessionAuthenticator } from './sessions';
export { type Credential, endedCredentials } from './standing';
export { scopesAllow } from './scopes';
export { hashOf, mintKey } from './secret';
