# make generals MINE=file.c: a protocol of the reader's for two generals.
.PHONY: generals
generals: ## Two generals, and the messengers they lose, or yours: MINE=file.c
ifeq ($(stranger),)
generals: $P/bin/generals
	@$<
else
plan := build/generals/$(if $(variant),$(variant)-)$(basename $(notdir $(stranger)))
generals: $(plan)
	@$<
$(plan): $(bodies) $(earlier) FORCE
	@[ -f $(stranger) ] || { echo "generals: there is no $(stranger). Begin with a copy: cp chapters/03-transport/generals/tool_generals.c $(stranger)" >&2; exit 2; }
	@mkdir -p $(@D)
	@$(CC) $(filter-out -Werror,$(FLAGS)) -o $@ $(stranger) $(bodies) $(earlier) $(LIBS)
endif
