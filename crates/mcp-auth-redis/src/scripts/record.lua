-- Keeps records of issued tokens. One that is there stays as it is.
-- KEYS: rows, tokens, users, grants, ends. ARGV: for each record its digest, when it expires, and its row. A row begins with
-- what its three indexes are ordered by (16 bytes each), and its date (12 digits).
for at = 1, #ARGV, 3 do
  local digest, row = ARGV[at], ARGV[at + 2]
  if redis.call('HSETNX', KEYS[1], digest, row) == 1 then
    for index = 2, 4 do
      local owner = row:sub(16 * index - 31, 16 * index - 16)
      redis.call('ZADD', KEYS[index], 0, owner .. row:sub(49, 60) .. digest)
    end
    redis.call('ZADD', KEYS[5], ARGV[at + 1], digest)
  end
end
return 1
