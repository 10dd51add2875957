s2dump: --columns: no column is called 'hw' (see s2dump help dump)
  hw
  ^~
There are:
  ia size level type mapped pa pieces read write exec read_user write_user
  exec_priv exec_user memattr sh af cont dbm fnxs nt xn0 ns sw pbha ignored
  attrindx piindex poindex gp ng mmu_present host_writable mmu_writable
  ad_type soft_accessed soft_dirty suppress_ve nx_huge user_exec ipat accessed
  dirty verify_paging paging_write shadow_stack subpage_write sw_bits user
  global c_bit gpa gen access saved_rights slot in_slot private owner state
  state_from handle gfn count raw descriptor_pa missing odd table end rights
  device flags
