-- Changes fields and members where certain fields are as they were read.
-- KEYS: whatever ARGV names by number. ARGV: how many conditions; for each a key, a field, 1 or 0 for whether it is there,
-- and its value; then for each change a command, a key, and two arguments. Answers 1 where it did.
local at = 2
for _ = 1, ARGV[1] do
  local held = redis.call('HGET', KEYS[tonumber(ARGV[at])], ARGV[at + 1])
  if held ~= (ARGV[at + 2] == '1' and ARGV[at + 3]) then return 0 end
  at = at + 4
end
for change = at, #ARGV, 4 do
  local command, key = ARGV[change], KEYS[tonumber(ARGV[change + 1])]
  if command == 'HSET' or command == 'ZADD' then
    redis.call(command, key, ARGV[change + 2], ARGV[change + 3])
  else
    redis.call(command, key, ARGV[change + 2])
  end
end
return 1
