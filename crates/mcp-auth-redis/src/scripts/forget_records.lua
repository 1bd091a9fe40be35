-- Forgets records of tokens that have expired.
-- KEYS: rows, tokens, users, grants, ends. ARGV: now, and how many at most. Answers how many they were.
local ended = redis.call('ZRANGEBYSCORE', KEYS[5], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, digest in ipairs(ended) do
  local row = redis.call('HGET', KEYS[1], digest)
  if row then
    for index = 2, 4 do
      local owner = row:sub(16 * index - 31, 16 * index - 16)
      redis.call('ZREM', KEYS[index], owner .. row:sub(49, 60) .. digest)
    end
    redis.call('HDEL', KEYS[1], digest)
  end
  redis.call('ZREM', KEYS[5], digest)
end
return #ended
