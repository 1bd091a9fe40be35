-- Replaces a user's entry where it is still the one that was read.
-- KEYS: id, log, users, ends. ARGV: the id expected, the length of the log, the user, the entry that was read or nothing, and
-- the one that follows it. Answers 1 where it did. The log comes first and the row last: a program that fails in the middle
-- is not undone, and then whoever asks again finds the row that he read.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('REPLACED the store has another id')
end
if (redis.call('HGET', KEYS[3], ARGV[3]) or '') ~= ARGV[4] then return 0 end
redis.call('XADD', KEYS[2], 'MAXLEN', '~', ARGV[2], '*', 'u', ARGV[3] .. ARGV[5])
if ARGV[5]:sub(21, 21) == '1' then
  redis.call('ZREM', KEYS[4], ARGV[3])
else
  redis.call('ZADD', KEYS[4], ARGV[5]:sub(34), ARGV[3])
end
redis.call('HSET', KEYS[3], ARGV[3], ARGV[5])
return 1
