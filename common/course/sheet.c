#include "common/course/sheet.h"
#include "common/world/dice.h"
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static struct sheet *mine;

/* The grader names the descriptor in the environment. It is not needed once the
 * page is mapped; and close() may be a staged one (kernel.h). */
static struct sheet *find_sheet(void)
{
    const char *name = getenv("GRADE_SHEET");
    int fd = name ? atoi(name) : -1;
    unsetenv("GRADE_SHEET");
    if (fd < 0)
        return g_new0(struct sheet, 1);
    void *page = mmap(NULL, sizeof(struct sheet), PROT_READ | PROT_WRITE,
                      MAP_SHARED, fd, 0);
    g_assert(page != MAP_FAILED);
    syscall(SYS_close, fd);
    return page;
}

struct sheet *sheet_open(void)
{
    if (!mine)
        mine = find_sheet();
    return mine;
}

int sheet_new(struct sheet **sheet, uint64_t nonce)
{
    int fd = memfd_create("sheet", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, sizeof **sheet) < 0)
        return -1;
    void *page =
        mmap(NULL, sizeof **sheet, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED)
        return -1;
    *sheet = page;
    (*sheet)->nonce = nonce;
    return fd;
}

void sheet_free(struct sheet *sheet, int fd)
{
    munmap(sheet, sizeof *sheet);
    close(fd);
}

uint64_t sheet_answer(uint64_t nonce)
{
    return dice_mix(nonce ^ 0x656e646564ULL);
}

void sheet_begin(void)
{
    struct sheet *sheet = sheet_open();
    sheet->state = SHEET_BEGUN;
    sheet->lines = 0;
    sheet->head[0] = sheet->picture[0] = '\0';
}

void sheet_head(const char *words)
{
    g_strlcpy(sheet_open()->head, words, SHEET_LINE);
}

void sheet_end(void)
{
    struct sheet *sheet = sheet_open();
    sheet->state = SHEET_ENDED;
    sheet->answer = sheet_answer(sheet->nonce);
}

void sheet_note(const char *line)
{
    struct sheet *sheet = sheet_open();
    char *to = sheet->line[sheet->lines++ % SHEET_LINES];
    g_strlcpy(to, line, SHEET_LINE);
    sheet->trace = dice_mix(sheet->trace ^ dice_number(line));
}

void sheet_amend(const char *line)
{
    struct sheet *sheet = sheet_open();
    if (sheet->lines > 0)
        g_strlcpy(sheet->line[(sheet->lines - 1) % SHEET_LINES], line,
                  SHEET_LINE);
}

void sheet_draw(const char *rows)
{
    struct sheet *sheet = sheet_open();
    size_t size = 0, row;
    for (int i = 0; i < SHEET_ROWS && rows[size]; i++) {
        row = strcspn(rows + size, "\n");
        row += rows[size + row] == '\n';
        if (size + row >= SHEET_PICTURE)
            break;
        size += row;
    }
    memcpy(sheet->picture, rows, size);
    sheet->picture[size] = '\0';
    sheet->trace = dice_mix(sheet->trace ^ dice_number(sheet->picture));
}
