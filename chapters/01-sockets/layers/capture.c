#include "01-sockets/layers/capture.h"
#include "01-sockets/io.h"
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 1 << 17 }; /* No packet is longer: 64 KiB and a header. */

/* Bound only when all is set: before, it would hear every device. */
static int begin(int fd, const char *device)
{
    int one = 1;
    struct sockaddr_ll address = {.sll_family = AF_PACKET,
                                  .sll_protocol = htons(ETH_P_IP),
                                  .sll_ifindex = (int)if_nametoindex(device)};
    if (address.sll_ifindex == 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &one, sizeof one) < 0)
        return -1;
    return bind(fd, (const struct sockaddr *)&address, sizeof address);
}

int capture_open(const char *device)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0 || begin(fd, device) == 0)
        return fd;
    int why = errno;
    close(fd);
    errno = why;
    return -1;
}

/* Did the sender leave the checksum to the device? The kernel knows. */
static bool is_unfinished(struct msghdr *message)
{
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part;
         part = CMSG_NXTHDR(message, part)) {
        struct tpacket_auxdata aux;
        if (part->cmsg_level != SOL_PACKET || part->cmsg_type != PACKET_AUXDATA)
            continue;
        memcpy(&aux, CMSG_DATA(part), sizeof aux);
        return (aux.tp_status & TP_STATUS_CSUMNOTREADY) != 0;
    }
    return false;
}

/* Returns how many bytes @p data has now. */
static ssize_t receive(int fd, uint8_t *data, bool *unfinished)
{
    uint64_t control[CMSG_SPACE(sizeof(struct tpacket_auxdata)) / 8 + 1];
    struct iovec room = {data, MOST};
    struct msghdr message = {.msg_iov = &room,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof control};
    ssize_t size = recvmsg(fd, &message, 0);
    *unfinished = size > 0 && is_unfinished(&message);
    return size;
}

int capture_next(int fd, struct packet_bytes *bytes, nsec deadline)
{
    g_autofree uint8_t *data = g_malloc(MOST);
    *bytes = (struct packet_bytes){0};
    if (wait_ready(fd, POLLIN, deadline) < 0)
        return -1;
    ssize_t size = receive(fd, data, &bytes->unfinished);
    if (size < 0)
        return -1;
    bytes->data = g_memdup2(data, (size_t)size);
    bytes->size = (size_t)size;
    return 0;
}
