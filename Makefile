# From Sockets to Consensus: all of the build. `make help` lists the targets.
#
# Everything is found by its name; no source file is listed here. In
# common/*/, in chapters/NN-name/ and in the rooms of a chapter below it:
#
#   test_*.c   a test program             demo_*.c     a program to watch
#   serve_*.c  a server                   tool_*.c     a command
#   bench_*.c  ratios beside peers        measure_*.c  TSV for a figure
#   fuzz_*.c   a fuzzer                   storm_*.c    a protocol in the storm
#   any other .c belongs to the library
#
# solutions/NN-name/X.c is the body of chapters/NN-name/X.h: it is in no
# archive, so that a program can be linked with another body in its place: the
# reader's, exercises/NN-name/X.c, when MINE names it. exercises/NN-name/test_X.c
# tests either.
#
# CC=clang, SAN=1 (ASan and UBSan) and TSAN=1 build beside the plain build.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SECONDARY:
MAKEFLAGS += --no-builtin-rules --no-print-directory
# As many jobs as processors, unless told otherwise; what is watched must not be
# held back until it ends.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
ifeq ($(filter demo myth bench viva watch,$(MAKECMDGOALS)),)
MAKEFLAGS += --output-sync=target
endif

ifeq ($(origin CC),default)
CC := gcc
endif
clang := $(findstring clang,$(notdir $(firstword $(CC))))
variant := $(clang)$(if $(SAN),san)$(if $(TSAN),tsan)$(if $(FUZZ),fuzz)
B := build$(if $(variant),/$(variant))

# ---- Packages: package:file it installs. Only what the goals need. ----------

goals := $(or $(MAKECMDGOALS),help)
clang_version := $(or $(shell clang -dumpversion 2>/dev/null | cut -d. -f1),14)
light := help clean deps format reset drift doctor $(if $(M),,myth)
needs = $(strip \
  $(if $(filter-out $(light),$1),$(if $(clang),clang:/usr/bin/clang,gcc:/usr/bin/gcc) \
    libc6-dev:/usr/include/stdio.h pkg-config:/usr/bin/pkg-config \
    libglib2.0-dev:/usr/include/glib-2.0/glib.h \
    libcmocka-dev:/usr/include/cmocka.h zlib1g-dev:/usr/include/zlib.h \
    libjson-glib-dev:/usr/include/json-glib-1.0/json-glib/json-glib.h) \
  $(if $(filter test check,$1),curl:/usr/bin/curl) \
  $(if $(filter fuzz,$1),clang:/usr/bin/clang) \
  $(if $(or $(filter fuzz check,$1),$(and $(clang),$(SAN)$(TSAN))),libclang-rt-$(clang_version)-dev:/usr/lib/llvm-*/lib/clang/*/lib/linux/libclang_rt.asan-*.a) \
  $(if $(filter figures,$1),gnuplot-nox:/usr/bin/gnuplot) \
  $(if $(filter figures bench check,$1),liburing-dev:/usr/include/liburing.h) \
  $(if $(filter bench,$1),libuv1-dev:/usr/include/uv.h libevent-dev:/usr/include/event.h \
    libhiredis-dev:/usr/include/hiredis/hiredis.h) \
  $(if $(filter docs check,$1),doxygen:/usr/bin/doxygen \
    doxygen-awesome-css:/usr/share/doxygen-awesome-css/doxygen-awesome.css \
    libjs-mathjax:/usr/share/javascript/mathjax/MathJax.js) \
  $(if $(filter check,$1),clang:/usr/bin/clang \
    clang-format:/usr/bin/clang-format cppcheck:/usr/bin/cppcheck) \
  $(if $(DEBUG),gdb:/usr/bin/gdb))
lacking = $(strip $(foreach n,$(call needs,$1),\
  $(if $(wildcard $(lastword $(subst :, ,$n))),,$(firstword $(subst :, ,$n)))))
missing := $(call lacking,$(goals))

deps: ## Install the Debian packages that the other goals miss
ifneq ($(missing),)
	@sh common/tools/install.sh $(missing)
endif

# ---- Flags -------------------------------------------------------------------

# pkg-config may only just have been installed: ask it late, and once.
once = $(eval $1 := $(shell $2))$($1)
packages := glib-2.0 cmocka zlib json-glib-1.0
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(packages) | sed 's/-I/-isystem /g')
PKG_LIBS = $(call once,PKG_LIBS,pkg-config --libs $(packages))
# What a program or two can use, and the book can do without: HAVE_LIBUV ..
OPTIONAL = $(call once,OPTIONAL,for p in liburing libuv libevent hiredis; do \
  pkg-config --exists $$p && echo $$p; done)
HAVE = $(call once,HAVE,echo $(OPTIONAL) | tr a-z A-Z | sed 's/[^ ]*/-DHAVE_&/g')
OPTIONAL_LIBS = $(if $(OPTIONAL),$(call once,OPTIONAL_LIBS,pkg-config --libs $(OPTIONAL)))
WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes \
  -Wmissing-prototypes -Wvla $(if $(WERROR),-Werror)
OPT := $(if $(SAN)$(TSAN),-Og,-O2)
MODE := $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-omit-frame-pointer \
    -fno-sanitize-recover=undefined -fno-sanitize=object-size) $(if $(TSAN),-fsanitize=thread) \
  $(if $(FUZZ),-fsanitize=address -fsanitize=undefined -fsanitize=fuzzer-no-link -fno-sanitize-recover=undefined)
CFLAGS ?= $(OPT) -g
FLAGS = -std=gnu11 -D_GNU_SOURCE -U_FORTIFY_SOURCE $(WARN) $(CFLAGS) -ffp-contract=off \
  -I. -Ichapters $(PKG_CFLAGS) $(HAVE) $(MODE)
LIBS = -Wl,--as-needed $(PKG_LIBS) $(OPTIONAL_LIBS) -lm -pthread

# ---- What there is -----------------------------------------------------------

sources = $(sort $(wildcard $1/*.c))
kinds := test demo serve tool measure bench fuzz storm
mains = $(foreach k,$(kinds),$(filter $1/$k_%,$(call sources,$1)))
library = $(filter-out $(call mains,$1),$(call sources,$1))

rooms := $(patsubst %/,%,$(sort $(wildcard common/*/)))
chapters := $(patsubst chapters/%/,%,$(sort $(wildcard chapters/[0-9]*/)))
rooms_of = chapters/$1 $(patsubst %/,%,$(sort $(wildcard chapters/$1/*/)))
dirs := $(rooms) $(foreach c,$(chapters),$(call rooms_of,$c))
code := $(foreach d,$(dirs) $(addprefix solutions/,$(chapters)),$(wildcard $d/*.[ch])) \
  $(wildcard exercises/*/test_*.c solutions/*/*.variants/*.c)

# make storm MINE=file.c, make generals MINE=file.c: a protocol of the reader's, and
# no exercise.
ifneq ($(filter storm generals,$(goals)),)
stranger := $(filter %.c,$(MINE))
$(if $(stranger),,$(if $(wildcard $(MINE).c),$(error storm: MINE=$(MINE).c, with its .c)))
override MINE := $(filter-out %.c,$(MINE))
endif

# The exercises, as 01-sockets/io. EX chooses some to be graded, MINE some to be
# linked with the reader's body; P is where programs with those are built.
modules := $(foreach c,$(chapters),$(patsubst solutions/%.c,%,$(call sources,solutions/$c)))
breaks := $(foreach c,$(chapters),$(patsubst solutions/%.schedule,%,$(sort $(wildcard solutions/$c/*.schedule))))
quote := '
$(if $(findstring $(quote),$(EX)$(CH)$(MINE)$(TEST)$(SALT)$(SEED)$(FORMAT)$(OUT)),$(error a name has no quotes))
which = $(shell for w in $1; do sh common/tools/exercise.sh "$$w" $(modules) $(breaks) || echo none; done)
comma := ,
chosen_modules := $(if $(filter grade graded-now replay reset hint break viva solution watch,$(goals)),$(call which,'$(or $(EX),$(CH))'))
# In a course without answers our bodies are objects, beside the skeletons.
given := $(wildcard $(modules:%=solutions/%.o))
$(if $(wildcard solutions/machine),$(if $(filter-out $(given),$(modules:%=solutions/%.o)),\
  $(error this course lacks $(filter-out $(given),$(modules:%=solutions/%.o)): unpack it again, and let git keep *.o)))
$(if $(given),$(if $(filter $(shell uname -m),$(shell cat solutions/machine)),,\
  $(error this course was made for $(shell cat solutions/machine): ask for one that runs here)))
SALT ?= $(if $(wildcard exercises/salt),$(shell cat exercises/salt))
mine := $(if $(MINE),$(filter-out $(breaks),$(sort $(call which,$(subst $(comma), ,$(MINE))))))
$(if $(filter none,$(chosen_modules) $(mine)),$(error no exercise of that name))
$(if $(and $(MINE),$(filter-out $(mine),$(call which,$(subst $(comma), ,$(MINE))))),\
  $(if $(mine),,$(error $(MINE) has no body that could be linked)))
P := $B$(if $(MINE),/mine)
S := build/$(clang)san

# Where the program of a source is built: chapters/01-sockets/serve_http.c is
# build/bin/http, common/world/test_sim.c is build/test/common/world/test_sim.
program_name = $(patsubst serve_%,%,$(patsubst tool_%,%,$1))
binary = $(if $(filter test_% fuzz_%,$(notdir $1)),$P/test/$(1:%.c=%),$P/bin/$(call program_name,$(basename $(notdir $1))))
binaries = $(foreach s,$1,$(call binary,$s))
objects = $(patsubst %.c,$B/obj/%.o,$1)

# CH=1 or CH=common chooses a part; without it, all.
part := $(if $(CH),$(if $(filter common,$(CH)),common,$(firstword \
  $(filter $(CH) $(CH)-% 0$(CH)-%,$(chapters)))))
ifneq ($(CH),)
ifeq ($(part),)
$(error there is no chapter $(CH); there are: common $(chapters))
endif
endif
chosen := $(if $(CH),$(filter $(part)/% chapters/$(part) chapters/$(part)/%,$(dirs)),$(dirs))
chosen_chapters := $(filter $(patsubst chapters/%,%,$(chosen)),$(chapters))
chosen_mains = $(foreach d,$(chosen),$(filter $d/$1_%,$(call sources,$d)))

# ---- How it is built ---------------------------------------------------------

$B/flags: FORCE | deps
	@mkdir -p $(@D)
	@echo '$(CC) $(FLAGS)' | cmp -s - $@ || echo '$(CC) $(FLAGS)' > $@

$B/obj/%.o: %.c $B/flags
	@mkdir -p $(@D)
	$(quiet)$(CC) $(FLAGS) -MMD -MP -c -o $@ $<

$(given:%=$B/obj/%): $B/obj/%: % $B/flags
	@mkdir -p $(@D) && cp $< $@

# make V=1 shows the commands.
quiet = $(if $(V),,@printf '  %-6s %s\n' '$(if $(filter %.c,$<),cc,link)' '$(if $(filter %.c,$<),$<,$@)' >&2;)

# $(call archive,file,sources)
define archive
$1: $(call objects,$2)
	@mkdir -p $$(@D) && rm -f $$@ && ar rcsD $$@ $$^
endef
# $(call program,source,other objects and archives)
define program
$(call binary,$1): $(call objects,$1) $2
endef
programs :=
define directory
programs += $(call binaries,$(call mains,$1))
$(foreach m,$(call mains,$1),$(eval $(call program,$m,$2)))
endef

common_sources := $(foreach r,$(rooms),$(call library,$r))
$(eval $(call archive,$B/lib/common.a,$(common_sources)))
$(foreach r,$(rooms),$(eval $(call directory,$r,$B/lib/common.a)))
# A chapter is linked with itself, the earlier ones and common/: never with a
# later one. Bodies of exercises are linked one by one.
earlier := $B/lib/common.a
bodies :=
body = $(if $(filter $1,$(mine)),$B/mine/obj/exercises/$1.o,$B/obj/solutions/$1.o)
define chapter
$(call archive,$B/lib/$1.a,$(foreach d,$(call rooms_of,$1),$(call library,$d)))
earlier := $B/lib/$1.a $(earlier)
bodies := $(bodies) $(foreach m,$(filter $1/%,$(modules)),$(call body,$m))
endef
$(foreach c,$(chapters),$(eval $(call chapter,$c))$(foreach d,$(call rooms_of,$c),\
  $(eval $(call directory,$d,$(bodies) $(earlier)))))

# The tests of the exercises, linked with the whole system.
exams := $(wildcard $(patsubst %,exercises/%/test_*.c,$(chapters)))
$(foreach t,$(exams),$(eval $(call program,$t,$(bodies) $(earlier))))
programs += $(call binaries,$(exams))

$(if $(filter-out $(words $(programs)),$(words $(sort $(programs)))),\
  $(error two programs of one name: $(programs)))
$(programs): $(if $(MINE),$P/notice.o)
	@mkdir -p $(@D)
	$(quiet)$(CC) $(MODE) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $^ $(LIBS)

# ---- The reader's own. -------------------------------------------------------

# The objects, and a word on what is in the place of each source.
define mine_object
$B/mine/obj/exercises/$1.kind: FORCE
	@mkdir -p $$(@D); k=$$$$(stat -c '%F %Y' exercises/$1.c 2>&1; [ ! -f exercises/$1.c ] || cksum < exercises/$1.c); \
	  echo "$$$$k" | cmp -s - $$@ || echo "$$$$k" > $$@
$B/mine/obj/exercises/$1.o: $B/mine/obj/exercises/$1.kind \
    solutions/$1.c $B/obj/solutions/$1.o $B/flags common/tools/mine.sh
	@$(if $(SAN),,printf '  %-6s %s\n' mine exercises/$1.c >&2)
	@$(if $(SAN)$(filter graded-now,$(goals)),SAID=1) sh common/tools/mine.sh exercises/$1.c solutions/$1.c \
	  $B/obj/solutions/$1.o $$@ $(CC) $$(filter-out -Werror,$$(FLAGS)) \
	  -Werror=implicit-function-declaration
-include $B/mine/obj/exercises/$1.d
endef
$(foreach m,$(modules),$(eval $(call mine_object,$m)))

$B/mine/notice.c: $(foreach m,$(mine),$B/mine/obj/exercises/$m.o) FORCE
	@sh common/tools/notice.sh $B/mine/obj/exercises $(mine) > $@.new
	@cmp -s $@.new $@ && rm $@.new || mv $@.new $@
$B/mine/notice.o: $B/mine/notice.c
	@$(CC) $(FLAGS) -c -o $@ $<

# One exercise's test with that one body of the reader's, and the others ours:
# $(call around,exercise,module), all but the body of that module.
exam_of = exercises/$(dir $1)test_$(notdir $1)
around = $B/obj/$(call exam_of,$1).o $(filter-out $B/obj/solutions/$2.o,$(bodies)) $(earlier)
define graded
$B/graded/$(call exam_of,$1): $B/mine/obj/exercises/$1.o $(call around,$1,$1)
	@mkdir -p $$(@D) && rm -f $$@ $$@.log
	@$(CC) $(MODE) -o $$@ $$^ $$(LIBS) > $$@.link 2>&1 || mv $$@.link $$@.log
endef
$(if $(MINE),,$(foreach m,$(modules),$(eval $(call graded,$m))))
graded_of = $(foreach m,$1,graded/$(call exam_of,$m) $(if $(filter $m,$(breaks)),\
  $(foreach w,$(call wrong_of,$m),graded/exercises/$m.wrong/$w)))

# A break-it exercise: its stage with our modules; and once with each wrong one,
# which is a known mistake (below) of the module that it breaks.
wrong_of = $(shell sed -n 's/^Test: //p' exercises/$1.task)
broken_of = $(dir $1)$(shell sed -n 's/^Breaks: //p' exercises/$1.task)
define broken
$B/graded/$(call exam_of,$1): $(call around,$1)
$(foreach w,$3,$(eval $B/graded/exercises/$1.wrong/$w: \
  $(or $(wildcard solutions/$1.wrong/$w.o),$B/mistakes/$2/$w.o) $(call around,$1,$2)))
$B/graded/$(call exam_of,$1) $(foreach w,$3,$B/graded/exercises/$1.wrong/$w):
	@mkdir -p $$(@D)
	@$(CC) $(MODE) -o $$@ $$^ $$(LIBS)
endef

# ---- What is known of wrong and right answers. --------------------------------

# A mistake is our answer with some lines replaced (common/course/mistakes.h). It
# is linked with the test that must catch it; under sanitizers all tests are run,
# and what they say is its sign. What one is called: NAME, or NAME.SHAPE; and `right`
# is the answer itself, in which no test may find anything. JUDGE needs no sanitizers.
#
# There are hundreds, so each is made cheap. GLib's headers are read once. What
# all mistakes of an exercise are linked with is hashed once (around). The
# linker is the fastest there is, and copies nothing for debuggers.
with_mistakes := $(foreach m,$(modules),$(if $(wildcard solutions/$m.mistakes),$m))
known := $(if $(TSAN)$(MINE),,$(if $(filter $(if $(SAN),,test handout) %signs %matrix,$(goals)),$(with_mistakes),$(filter $(with_mistakes),\
  $(if $(findstring /graded/,$(goals)),$(foreach b,$(breaks),$(call broken_of,$b))))))
seen := $(if $(SAN),sign,catch)
JUDGE ?= $B/bin/mistakes
# Started in half of the time. (A stage takes the calls of sanitizers that are
# linked so, and they find no line of the source any more: so not for readers.)
static := $(if $(SAN),$(if $(clang),,-static-libasan -static-libubsan))
link_fast := -Wl,--strip-debug $(if $(wildcard /usr/bin/ld.gold),-fuse-ld=gold)
mistakes_of = right $(shell awk '/^Mistake:/ { print n = $$2 } /^Or:/ { print n "." $$2 }' solutions/$1.mistakes)
define around_sum
$B/$2/$1/around: $(call around,$1,$1) exercises/$1.task $3 common/tools/mistake.sh
	@mkdir -p $$(@D) && cat $$^ | sha256sum > $$@
endef
define mistakes
$(call around_sum,$1,mistakes,$(JUDGE))
tried += $(foreach i,$2,$B/mistakes/$1/$i.$(seen))
$B/mistakes/$1/made: solutions/$1.c solutions/$1.mistakes exercises/$1.task $(JUDGE)
	@mkdir -p $$(@D) && $(JUDGE) make $1 $$(@D) && touch $$@
$(foreach i,$2,$B/mistakes/$1/$i.c): $B/mistakes/$1/made ;
$(foreach i,$2,$B/mistakes/$1/$i.$(seen)): %.$(seen): %.o $B/mistakes/$1/around
	@sh common/tools/mistake.sh '$(JUDGE) $(seen)' $1 $$@ $$^ $(CC) $(MODE) $(static) $(link_fast) \
	  $$< $(call around,$1,$1) $$(LIBS)
$B/mistakes/$1/tried: $(foreach i,$2,$B/mistakes/$1/$i.$(seen))
	@printf '  ok     %-44s %3d known mistakes, each caught\n' 'mistakes of $1' $(words $(wordlist 2,999,$2))
	@touch $$@
endef
$(foreach m,$(known),$(eval $(call mistakes,$m,$(call mistakes_of,$m))))
# What is to be broken is a known mistake, or stands in X.wrong/.
$(if $(known),$(foreach b,$(breaks),$(foreach w,$(call wrong_of,$b),$(if $(or $(wildcard solutions/$b.wrong/$w.[co]),$(filter \
  $w,$(call mistakes_of,$(call broken_of,$b)))),,$(error exercises/$b.task breaks $w, which is no mistake of $(call broken_of,$b))))))
# Under sanitizers all tests are run: -Og is worth its time there.
compile_fast = $(CC) $(filter-out -Werror -O%,$(FLAGS)) $(if $(SAN),-Og,-O0) -w -g0
$B/mistakes/%.o: $B/mistakes/%.c $B/mistakes/glib.h.gch
	@$(compile_fast) -include $B/mistakes/glib.h -MMD -MP -c -o $@ $<
$B/mistakes/glib.h.gch: $B/flags
	@mkdir -p $(@D) && echo '#include <glib.h>' > $(@:.gch=)
	@$(compile_fast) -x c-header -MD -MP -MF $(@:.h.gch=.d) -o $@ $(@:.gch=)

# A variant is a right answer of another shape: it must pass, with many seeds.
SEEDS ?= 5
define variants
$(call around_sum,$1,variants,$B/bin/right)
alike += $(foreach i,$2,$B/variants/$1/$i.right)
$(foreach i,$2,$B/variants/$1/$i.right): %.right: %.o $B/variants/$1/around $B/variants/seeds
	@sh common/tools/mistake.sh '$B/bin/right $(SEEDS)' $1 $$@ $$< $B/variants/$1/around $(CC) $(MODE) \
	  $$< $(call around,$1,$1) $$(LIBS)
$(foreach i,$2,$B/variants/$1/$i.o): $B/variants/$1/%.o: solutions/$1.variants/%.c $B/flags
	@mkdir -p $$(@D)
	$$(quiet)$(CC) $$(FLAGS) -MMD -MP -c -o $$@ $$<
endef
variants_of = $(patsubst solutions/$1.variants/%.c,%,$(call sources,solutions/$1.variants))
$(if $(TSAN)$(MINE),,$(foreach m,$(with_mistakes),$(eval $(call variants,$m,$(call variants_of,$m)))))
$B/variants/seeds: FORCE
	@mkdir -p $(@D); echo '$(SEEDS)' | cmp -s - $@ || echo '$(SEEDS)' > $@
$B/variants/all: $(alike)
	@cat $^ | awk '{ seeds += $$3; bad += $$4 } END { \
	  printf "  ok     %d right answers of other shapes, %d seeds: %d of them failed\n", NR, seeds, bad }'
	@touch $@

-include $(patsubst %.c,$B/obj/%.d,$(filter %.c,$(code))) $(if $(tried),$B/mistakes/glib.d) $(patsubst %.$(seen),%.d,$(tried)) $(alike:.right=.d)
$(if $(findstring /graded/,$(goals)),$(foreach b,$(breaks),\
  $(eval $(call broken,$b,$(call broken_of,$b),$(call wrong_of,$b)))))
-include $(wildcard $(addsuffix /local.mk,$(dirs) $(addprefix exercises/,$(chapters))))

# ---- What to ask for ---------------------------------------------------------

.PHONY: help all test demo myth bench storm planted fuzz figures docs check format clean deps FORCE \
  grade graded graded-now break replay next hint viva solution watch doctor handout reset drift matrix signs variants
FORCE:

help: ## This list
	@awk -F ':.*## ' '/^[a-z_.-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile \
	  $(wildcard $(addsuffix /local.mk,$(dirs)))
	@echo "  CH=1, CH=common  one part of the book: $(chapters)"
	@echo "  M=sent           a myth; PREDICT=b predicts without being asked"
	@echo "  EX=io, EX=1.1    an exercise; TEST=NAME one of its tests"
	@echo "  MINE=io          demos, tests, figures with your io; MINE=all"
	@echo "  CC=clang, SAN=1, WERROR=1, V=1   another compiler, sanitizers,"
	@echo "                   warnings as errors, commands shown"

all: $(programs) build/compile_commands.json ## Build every program

chosen_exams := $(filter $(addprefix exercises/,$(addsuffix /%,$(chosen_chapters))),$(exams))
test: ## Build and run every test
test: $(addsuffix .run,$(call binaries,$(call chosen_mains,test) $(call chosen_mains,fuzz) $(chosen_exams))) $P/figures.run \
  $(foreach m,$(filter $(addsuffix /%,$(chosen_chapters)),$(known)),$B/mistakes/$m/tried)
	@sh common/tools/budget.sh $P/test $(chosen)
$P/test/%.run: $P/test/% $(filter $P/bin/%,$(programs)) FORCE
	@sh common/tools/run_test.sh $<

# The figures of the chosen chapters; the data of each comes from measure_NAME.
data := $(foreach c,$(if $(filter common/%,$(chosen)),00) $(chosen_chapters),$(wildcard figures/$(word 1,$(subst -, ,$c))-*.tsv))
$P/figures.run: $(filter $P/bin/%,$(programs)) FORCE
	@$(if $(data),sh common/tools/figures.sh $P/bin $(or $(PART),$(if $(SAN)$(TSAN),3/40,3/10)) $(data))

# Fuzzers, with libFuzzer. What reached something new is kept for the next time.
fuzz: ## Random bytes for every parser, bred by clang: FUZZ_TIME=60 seconds each
fuzz: | deps
	@$(MAKE) FUZZ=1 CC=clang MINE= $(patsubst %,build/clangfuzz/test/%.fuzz,$(basename $(call chosen_mains,fuzz)))
build/clangfuzz/test/%.fuzz: build/clangfuzz/test/% FORCE
	@sh common/tools/fuzz.sh $< $(or $(FUZZ_TIME),60)

# A protocol of the reader's is linked with all that there is.
storm: ## Storms for every protocol, or for yours: MINE=file.c SEEDS=10000 SEED=17
ifeq ($(stranger),)
storm: $(call binaries,$(call chosen_mains,storm))
	@set -e; $(foreach s,$(call binaries,$(call chosen_mains,storm)),$s $(storm_options);)
else
# Compiled and linked each time: who knows what it includes.
strange := build/storm/$(if $(variant),$(variant)-)$(basename $(notdir $(stranger)))
storm: $(strange) $B/bin/spacetime
	@$< $(storm_options)
$(strange): $(stranger) $(bodies) $(earlier) FORCE
	@mkdir -p $(@D)
	@$(CC) $(filter-out -Werror,$(FLAGS)) -c -o $@.o $<
	@nm $@.o | grep -q ' T main$$' || { echo "storm: $< has no main(): return storm_main(argc, argv, &subject);" >&2; exit 2; }
	@$(CC) $(MODE) -o $@ $@.o $(bodies) $(earlier) $(LIBS)
$(stranger):
	@echo "storm: there is no $@. Begin with a copy: cp common/toys/storm_template.c $@" >&2; exit 2
endif
storm_options = --seeds=$(if $(filter file,$(origin SEEDS)),10000,$(SEEDS))$(if $(SEED), --seed=$(SEED))

demo: $(filter $P/bin/%,$(programs)) ## The guided tour: every chapter's demos, narrated
	@$(if $(MINE),$P/bin/claims 2>&1 > $P/notice.txt | grep '^Here\|yours' || true; export MINE_SAID=1;) \
	$(foreach c,$(chosen_chapters),$(if $(wildcard chapters/$c/tour.sh),\
	  BIN=$P/bin sh chapters/$c/tour.sh;,$(addsuffix ;,$(call binaries,\
	  $(filter chapters/$c/%,$(call chosen_mains,demo)))))) :

# M and PREDICT reach the script as they are, in its environment.
myth: $(if $(M),$(filter $P/bin/%,$(programs))) ## Myths: predict, then look. Without M= a list
	@BIN=$P/bin sh common/tools/myth.sh $(foreach c,$(chosen_chapters),$(wildcard chapters/$c/myths.txt))

bench: $(filter $P/bin/%,$(programs)) ## Measure speed, as ratios within one run
	@set -e; for b in $(call binaries,$(call chosen_mains,bench)); do $$b; done

next: $B/bin/next ## How far you have come, and what to do now
	@$B/bin/next $(CH)

# The tests run under sanitizers; what may be linked is read from plain objects.
# Both are built at a time; but two who grade at a time take turns.
grade: ## Grade your exercises: EX=io, CH=1; TEST= FORMAT= SALT=
grade: | deps
	+@$(grade_now)
grade_now = sh common/tools/alone.sh $(MAKE) graded-now $B/bin/grade --build=$B --sanitized=$S \
  --exercise='$(or $(EX),$(CH))' --test='$(TEST)' --salt='$(SALT)' --format='$(FORMAT)'
graded-now: $B/bin/grade graded $(foreach m,$(filter $(modules),$(chosen_modules)),$B/mine/obj/exercises/$m.o $B/obj/solutions/$m.o)
graded: | deps
	@$(MAKE) -s SAN=1 MINE= $(addprefix $S/,$(call graded_of,$(chosen_modules)))

# $(call one,command): of the exercise that EX names.
one = @$(if $(filter 1,$(if $(EX),$(words $(chosen_modules)))),$1,echo "$@: which one? EX=io" >&2; exit 2)
first := $(firstword $(chosen_modules))
watch: $B/bin/watch ## Grade again at each save: EX=io
	$(call one,$B/bin/watch $(wildcard exercises/$(first).c exercises/$(first).schedule) \
	  env -u MAKEFLAGS -u MAKELEVEL $(MAKE) grade EX='$(EX)' TEST='$(TEST)' CC='$(CC)')
hint: $B/bin/hint ## A hint, one more each time: EX=io
	$(call one,$B/bin/hint $(notdir $(first)))
break: ## Break it, with a schedule of yours: EX=1.B
	+$(call one,$(if $(filter $(breaks),$(first)),$(grade_now),\
	  echo "break: $(EX) is not to be broken; there are: $(notdir $(breaks))" >&2; exit 2))

# To replay a schedule is to see the wrong program play it.
played := $(filter $(breaks),$(first))
again := $(S)/$(or $(if $(played),$(filter %.wrong/$(TEST),$(call graded_of,$(first)))),$(firstword $(call graded_of,$(first))))
replay: $(if $(EX),graded) ## See a failure again: EX=io TEST=name SEED=0x5; DEBUG=1
	$(call one,log=$S/mine/obj/exercises/$(first).log; [ ! -e $$log ] || { cat $$log; exit 1; }; \
	  SEED='$(SEED)' SALT='$(SALT)' $(if $(TEST),GRADE_TEST='$(TEST)') REPLAY=1 \
	  $(if $(played),SCHEDULE='$(CURDIR)/exercises/$(first).schedule') \
	  $(if $(DEBUG),ASAN_OPTIONS=detect_leaks=0 gdb -q -ex 'rbreak $(notdir $(first)).c:.' --args) $(again) 2>&1 \
	  $(if $(played),&& echo "  It comes through: this schedule breaks nothing." || echo "  It fails: this schedule breaks it."))
viva: $B/bin/viva ## Questions for an oral check, with answers: EX=io
	$(call one,$B/bin/viva $(notdir $(first)))
solution: $B/bin/solution ## Our answer, when yours is whole, or REALLY=1: EX=io
	$(call one,$B/bin/solution $(notdir $(first)))
reset: ## Lay out the skeleton of an exercise anew: EX=io; yours is kept
	@$(if $(EX)$(CH),sh common/tools/reset.sh $(chosen_modules),echo "reset: which one? EX=io" >&2; exit 2)
doctor: ## What this machine lacks, and the line that installs it
	@sh common/tools/doctor.sh $(foreach g,demo grade test figures docs bench check,'$g:$(call lacking,$g)') 'replay DEBUG=1:$(if $(wildcard /usr/bin/gdb),,gdb)'

# The wrong objects of a break-it exercise are those of known mistakes.
handout: ## A course without answers: OUT=dir; SALT=word: seeds of its own
handout: $(if $(and $(filter handout,$(goals)),$(if $(given),,1)),$(modules:%=$B/obj/solutions/%.o) $(foreach b,$(breaks),\
  $(foreach w,$(call wrong_of,$b),$B/mistakes/$(call broken_of,$b)/$w.o)))
	$(or $(no_answers),@sh common/tools/handout.sh '$(OUT)' $B '$(SALT)' $(modules) $(breaks))

no_answers = $(if $(given),@echo "$@: in this course there are no answers to try" >&2; exit 2)
matrix: $(if $(given),,$B/bin/mistakes) # For authors: which test catches which known mistake?
	$(or $(no_answers),@$(MAKE) SAN=1 JUDGE=$B/bin/mistakes $S/matrix)
signs: $(if $(given),,$B/bin/mistakes) # For authors: write down what known mistakes look like
	$(or $(no_answers),@$(MAKE) SAN=1 JUDGE=$B/bin/mistakes $S/signs)
$S/matrix $S/signs: $(tried) FORCE
	@$(JUDGE) $(@F) $B/mistakes $(known)
variants: # For authors: do right answers of other shapes pass? SEEDS=100
	$(or $(no_answers),@$(MAKE) $B/variants/all)
drift: # For authors: is each skeleton what its answer says now?
	@sh common/tools/drift.sh $(modules) $(breaks)

pictures := $(foreach g,$(or $(foreach c,$(if $(CH),$(chosen_chapters)),\
  $(wildcard figures/$(word 1,$(subst -, ,$c))-*.gp)),$(wildcard figures/*.gp)),$(g:.gp=.svg))
figures: $(sort $(pictures)) ## Measure and draw the figures again
figures/%.svg: figures/%.gp common/tools/style.gp FORCE | deps
	@gnuplot -e "out='$@'" $<
	@echo "  drawn  $@"
# One at a time: they measure time.
define figure
figures/$2.svg: figures/$2.tsv
figures/$2.tsv: $1 FORCE
	@flock build/measuring sh -c 'echo "  measuring $2 ..."; $$< > $$@.new' && mv $$@.new $$@
endef
$(foreach g,$(patsubst figures/%.gp,%,$(wildcard figures/*.gp)),\
  $(foreach p,$(filter $P/bin/measure_$(shell echo $g | cut -d- -f2-),$(programs)),\
    $(eval $(call figure,$p,$g))))

docs: $B/bin/mistakes | deps ## The book as a site: build/docs/html/index.html
	@mkdir -p build/pages/exercises && $B/bin/mistakes page > build/pages/exercises/mistakes.md
	@sh common/tools/docs.sh build/docs

check: | deps ## For authors: includes, format, lint, docs, clang, sanitizers, storms
	@sh common/tools/deps.sh
	@$(MAKE) drift
	@clang-format --dry-run --Werror $(code)
	@cppcheck -q --enable=warning,performance,portability --std=c11 \
	  --inline-suppr --library=gtk --suppress=missingIncludeSystem --suppress=varFuncNullUB \
	  --error-exitcode=1 -I. -Ichapters $(foreach f,$(filter %.c,$(code)),$(if $(filter test_%,$(notdir $f)),,$f))
	@$(MAKE) docs
	@$(MAKE) test CC=clang WERROR=1 PART=1/1
	@$(MAKE) test SAN=1 WERROR=1
	@$(MAKE) matrix WERROR=1
	@$(MAKE) variants SEEDS=100 WERROR=1
	@$(MAKE) storm WERROR=1
	@$(MAKE) test TSAN=1 WERROR=1
	@$(MAKE) fuzz FUZZ_TIME=10 WERROR=1
	@sh common/tools/answers.sh

format: ## Lay out every source file as .clang-format says
	clang-format -i $(code)

build/compile_commands.json: $B/flags
	@printf '[%s\n]\n' "$$(for f in $(filter %.c,$(code)); do \
	  printf '%s\n{"directory":"%s","file":"%s","command":"%s -c %s"}' \
	  "$$comma" '$(CURDIR)' "$$f" '$(CC) $(FLAGS)' "$$f"; comma=,; done)" > $@

clean: ## Remove build/
	rm -rf build
