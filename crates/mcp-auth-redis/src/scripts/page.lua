-- Reads rows in the order of an index.
-- KEYS: the index (a sorted set whose scores are all 0), rows (a hash). ARGV: the first and the last member, how many at most,
-- and how many bytes of a member stand before the name of its row. Answers members and rows, one after the other.
local found = redis.call('ZRANGEBYLEX', KEYS[1], ARGV[1], ARGV[2], 'LIMIT', 0, ARGV[3])
local answer = {}
for _, member in ipairs(found) do
  answer[#answer + 1] = member
  answer[#answer + 1] = redis.call('HGET', KEYS[2], member:sub(ARGV[4] + 1))
end
return answer
