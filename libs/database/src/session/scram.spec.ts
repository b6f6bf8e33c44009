import { scramVerifier } from './scram';

describe('a SCRAM verifier', () => {
  // Made by PostgreSQL 18: rolpassword after `create role … password 'pencil'`, with the salt it drew.
  it('is the one Postgres makes of the same password and salt', () => {
    expect(scramVerifier('pencil', Buffer.from('9VpRuE040wIMf19TQhl4SA==', 'base64'))).toBe(
      'SCRAM-SHA-256$4096:9VpRuE040wIMf19TQhl4SA==$gndjdMfwqJNDgyi6Rk+YPcL1RaK7Vw1PLFbRQfuc3aU=:M4Xzq5OpNqxzrxgVUQDGlgfzftO6ldZTHsja56Ji5ug=',
    );
  });

  it('has a salt of its own each time, and never the password in it', () => {
    const two = [scramVerifier('secret'), scramVerifier('secret')];
    expect(new Set(two).size).toBe(2);
    expect(two.join()).not.toContain('secret');
  });
});
