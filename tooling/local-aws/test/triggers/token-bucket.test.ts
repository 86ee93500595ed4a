import { expect, it } from 'vitest';
import { createTokenBucket } from '../../triggers/token-bucket.ts';

// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
it('accepts a burst, then as many a second as its rate, and never saves up more than the burst', () => {
  let nowMs = 0;
  const bucket = createTokenBucket({ burst: 2, ratePerSecond: 4 }, () => nowMs);
  const takeThree = () => [bucket.take(), bucket.take(), bucket.take()];

  const atOnce = takeThree();
  nowMs = 250;
  const afterOneMore = takeThree();
  nowMs = 60_000;
  const afterAMinute = takeThree();

  expect(atOnce).toEqual([true, true, false]);
  expect(afterOneMore).toEqual([true, false, false]);
  expect(afterAMinute).toEqual([true, true, false]);
});
