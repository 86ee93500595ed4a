import { describe, expect, it } from 'vitest';
import { createAccountConcurrency } from '../../lambda/account-concurrency.ts';

// https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
describe('the concurrency of an account', () => {
  it('is shared by all functions: a new account refuses the eleventh execution', () => {
    const account = createAccountConcurrency(10);

    const taken = Array.from({ length: 12 }, (_, index) => account.take(`function-${index % 3}`));

    expect(taken).toEqual([...Array<boolean>(10).fill(true), false, false]);
  });

  it('is free again when an execution ends', () => {
    const account = createAccountConcurrency(1);
    account.take('a');

    const before = account.take('b');
    account.release('a');

    expect([before, account.take('b')]).toEqual([false, true]);
  });

  // https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
  it('reserves what a function has reserved, and gives it no more', () => {
    const account = createAccountConcurrency(102);
    account.reserve('reserved', 2);

    const others = Array.from({ length: 101 }, () => account.take('other')).filter(Boolean);
    const own = [1, 2, 3].map(() => account.take('reserved'));

    expect(others).toHaveLength(100);
    expect(own).toEqual([true, true, false]);
  });

  it.each([
    ['fewer than 100 would be left', 120, 21, '[100]'],
    ['a new account has ten', 10, 1, '[10]'],
  ])('cannot be reserved if %s', (_case, quota, executions, minimum) => {
    const account = createAccountConcurrency(quota);

    expect(() => {
      account.reserve('any', executions);
    }).toThrow(`below its minimum value of ${minimum}`);
    expect(account.take('any')).toBe(true);
  });

  it('lets a function be switched off with a reserve of zero, even in a new account', () => {
    const account = createAccountConcurrency(10);
    account.reserve('off', 0);

    expect(account.take('off')).toBe(false);
  });
});
