import { isRecent, newSecret, sign, signedWith } from './signature';

const message = { id: 'msg_1', timestamp: '1795334400', body: '{"a":1}' };

describe('the signature of a message', () => {
  it('is that of Standard Webhooks', () => {
    // The example of the specification.
    const signed = sign('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      timestamp: '1614265330',
      body: '{"test": 2432232314}',
    });
    expect(signed).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('is good for its own message and secret, also beside others', () => {
    const [secret, other] = [newSecret(), newSecret()];
    expect(signedWith([other, secret], `v1,nonsense ${sign(secret, message)}`, message)).toBe(true);
    expect(signedWith([other], sign(secret, message), message)).toBe(false);
    for (const changed of [{ id: 'msg_2' }, { timestamp: '1795334401' }, { body: '{"a":2}' }]) {
      expect(signedWith([secret], sign(secret, message), { ...message, ...changed })).toBe(false);
    }
    expect(signedWith([], sign(secret, message), message)).toBe(false);
  });

  it('is of a time about now', () => {
    const now = 1_795_334_400_000;
    expect(['1795334400', '1795334101', '1795334699'].map((time) => isRecent(time, now))).toEqual([true, true, true]);
    expect(['1795334099', '1795334701', 'now', '', '-1'].map((time) => isRecent(time, now))).not.toContain(true);
  });
});
