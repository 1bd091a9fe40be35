-- Forgets tombstones whose time has come.
-- KEYS: tombstones, graves, ends. ARGV: now, and how many at most. Answers how many they were.
local ended = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, user in ipairs(ended) do
  redis.call('HDEL', KEYS[1], user)
  redis.call('ZREM', KEYS[2], user)
  redis.call('ZREM', KEYS[3], user)
end
return #ended
