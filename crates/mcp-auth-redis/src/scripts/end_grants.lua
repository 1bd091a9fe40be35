-- Forgets grants.
-- KEYS: rows, users, ends. ARGV: either the grant; or a moment and how many at most, which forgets what is no longer live then;
-- or a range of the index of users, and a third argument. Answers how many they were.
local found = {ARGV[1]}
if ARGV[3] then
  found = redis.call('ZRANGEBYLEX', KEYS[2], ARGV[1], ARGV[2])
  for at, member in ipairs(found) do found[at] = member:sub(29) end
elseif ARGV[2] then
  found = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
end
local count = 0
for _, grant in ipairs(found) do
  local held = redis.call('HGET', KEYS[1], grant)
  if held then
    redis.call('HDEL', KEYS[1], grant)
    redis.call('ZREM', KEYS[2], held:sub(31, 58) .. grant)
    redis.call('ZREM', KEYS[3], grant)
    count = count + 1
  end
end
return count
