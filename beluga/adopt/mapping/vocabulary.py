"""What counties, states and voter file vendors call their columns, by field.

Folded as `election.folder.headings` folds: without case, spaces, dashes and underscores. Within a field an
earlier word wins over a later one. The headings of our own folder stand first, so that an export is taken as
it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain

from beluga.adopt.mapping.by_hour import without_hour
from beluga.adopt.mapping.composed import ON_A_LIST, composed
from beluga.adopt.mapping.languages import in_english
from beluga.adopt.mapping.of_people import of_people
from beluga.adopt.mapping.spellings import corrected, counted_by, spellings
from election.folder.headings import CALLERS, HISTORY, PRECINCTS, VOTERS, WATCHERS, Column, folded

Words = Mapping[str, tuple[str, ...]]


def _of(text: str) -> tuple[str, ...]:
    return tuple(folded(word) for word in text.split(","))


def _with_ours(columns: Sequence[Column], words: Words) -> Words:
    """Every field of ours by its own name at least; where that is read by its meaning alone, in its place."""
    return {c.name: tuple(dict.fromkeys((*words.get(c.name, ()), folded(c.name)))) for c in columns} | {
        name: each for name, each in words.items() if name not in {c.name for c in columns}
    }


PRECINCT = _of(
    "precinct_id,precinctid,precinct code,precinct_cd,pct code,pct_cd,prec_cd,"
    "precinct number,precinct no,precinct num,precinct #,pct number,pct no,pct num,"
    "pct #,pctnum,precinct_abbrv,precinct,pct,prec,prct,county precinct,precinct"
    "id number,vtd_abbrv,vtd,vtdst,vtd code,voting district,voting district code,"
    "polling district,polling district code,pd,pd code,polling district reference,"
    "elector polling district,election district,election division,ed,ward precinct,"
    "ward/precinct,wardpct,precinct/ward,precinct portion,precinct_portion,precinct"
    "part,precinct split,reporting unit,reportingunit,division,ward division,"
    "votdst,box,box number,voting precinct,home precinct,assigned precinct,reg"
    "precinct,registered precinct,current precinct,precincts,precinct_ids,precinct"
    "ids,assigned precincts,srprec,rgprec,svprec,mprec,consolidated precinct,pd letters,"
    "polling district letters,district letters,polling districts,voting districts,"
    "elector number letters,precincts served,"
    "precincts voting,precinct code value,residence precinct,polling station number"
)
PRECINCT_NAME = _of(
    "precinctname,precinct name,precinct_nam,precinct_desc,precinct description,"
    "precinct_name_long,pct name,pct_nam,precinct title,prec_name,vtd_desc,vtd"
    "name,vtdname,voting district name,polling district name,division name,precinct"
    "full name,reporting unit name,ward name"
)
PLACE = _of(
    "polling place,polling place name,pollingplacename,pollingplace,polling location,"
    "polling location name,pollinglocation,location,location name,vote center,voting"
    "location,voting place,poll name,poll place,poll location,polling station,"
    "polling station name,station name,facility,facility name,building,building"
    "name,site name,place name,place"
)
PLACE_ADDRESS = _of(
    "polling place address,polling location address,location address,site address,"
    "address,address 1,address1,street address,street,polling station address,"
    "facility address,poll address,full address"
)
COUNTY = _of(
    "county,countyname,county name,county_desc,county_nam,countydesc,jurisdiction,"
    "jurisdiction name,parish,parish name,borough,local authority,council,"
    "county_name,cnty,cnty name,cntyname,countycode,county code"
)
GROUP = _of("group,region,municipality,municipality name,municipality_desc,town,township,city,muni,ward")
WARD = _of("ward,ward number,ward no,ward_no,ward code,ward num")
# Of a list of people: their town in an address is the post's.
TOWN = _of(
    "municipality,municipality name,municipality_desc,jurisdiction name,jurisdiction_name,township,muni,"
    "city or town,city/town,city/town name,town name,municipality code"
)
REGISTERED = _of(
    "registered,registered_voters,registeredvoters,total registered,total registered"
    "voters,total reg,total registration,registration,registration total,total"
    "voters,voters registered,reg voters,regvoters,registered voters total,"
    "registered total,number registered,num registered,eligible voters,"
    "eligible_voters,total eligible,active voters,active registered voters,active"
    "registered,total active voters,total active,electorate,electors,total electors,"
    "number of electors,registered electors,roll,reg,voters,voter count,number of"
    "voters,voter total,total count,active,registrants,total registrants,"
    "total_voters,tot_reg,totreg,totalreg,total_reg,regtotal,reg_total,registered"
    "voter count,registration count,total electorate,total_electorate,reg7am,totreg_r,total on roll,"
    "number of registered voters,electorate total,eligible,total people,current registration,"
    "current registered,current voters,currently registered"
)
LAT = _of("lat,latitude,y,lat_dd,ycoord,y coordinate,point y")
LON = _of("lon,longitude,lng,long,x,lon_dd,xcoord,x coordinate,point x")
HOURS = {
    "opens": _of("opens,polls open,opens at,open time,opening time,start time,hours start,open"),
    "hours": _of("opening hours,hours,polling hours,voting hours,hours of operation,hours open"),
    "closes": _of("closes,polls close,closes at,close time,closing time,end time,hours end,close"),
}

REGISTRATION: Words = _with_ours(
    PRECINCTS,
    {
        "precinct_id": PRECINCT,
        "name": (*PRECINCT_NAME, *_of("name,description,desc"), *PLACE),
        "registered": REGISTERED,
        "county": COUNTY,
        "group": GROUP,
        "site_id": _of("site_id,pollingplaceid,polling place id,pollinglocationid,site,location id,poll id"),
        "ward": WARD,  # beside a town, parts its precincts
        "aliases": _of("aliases,alias,nicknames,nickname"),
        "expected_votes": _of("expected_votes,expected,vote goal,projected votes"),
        "already_voted": _of("already_voted,early and mail"),
        "timezone": _of("timezone,time zone,tz"),
        "lat": LAT,
        "lon": LON,
        **HOURS,
    },
)

PLACES: Words = {
    "precinct_id": PRECINCT,
    "precinct_name": PRECINCT_NAME,
    "name": PLACE,
    "address": PLACE_ADDRESS,
    "county": COUNTY,
    "grid": _of("easting,northing,eastings,northings,grid easting,grid reference"),
    "site_id": _of(
        "site_id,pollingplaceid,polling place id,pollinglocationid,site,location id,poll id,polling_place_id"
    ),
    "lat": LAT,
    "lon": LON,
    "group": TOWN,
    "ward": WARD,
    **HOURS,
}

TOTAL_VOTES = _of(
    "ballots cast,total ballots cast,ballots cast total,total ballots,ballots cast -"
    "total,ballots counted,total ballots counted,times cast,times counted,cards cast,"
    "total cards cast,public count,public counter,cards counted,ballots tallied,ballots tabulated,"
    "ballots,total votes cast,votes"
    "cast,votes,total votes,total turnout,total voted,voters voted,voted,number"
    "voted,num voted,total vote,cards cast,total cards cast,turnout,turnout total,"
    "voter turnout,turnout count,number of voters voting,voters voting,total ballot papers verified,"
    "ballot papers verified,total verified,total ballot papers,ballot papers counted,ballot papers"
    "issued,votes polled,total cast,total,total_votes,totalvotes,totvotes,"
    "tot_votes,ballotscast,public count,times cast,totvote,totvoting,total voting,"
    "ballots cast or counted,cast,times counted,cards counted,ballots tallied,ballots tabulated,"
    "ballots tabulated total,number voting,total number voting,persons voting,people voted,voters who voted,"
    "voters checked in,checked in,votes counted,total votes counted,number of voters who voted,"
    "total voters voting,total voters who voted,ballots read,total ballots read,total number of ballots cast,"
    "voters participating,total participation,ballots submitted"
)
IN_PERSON = _of(
    "in_person,election day,election day ballots,election day votes,election day"
    "ballots cast,electionday,election day total,election_day,eday,e-day,ed"
    "ballots,ed votes,election day voting,polling place ballots,polls,polling place,"
    "polling place votes,at polls,in person,in-person,in person election day,ballots"
    "cast election day,election day turnout,machine,voted at polls,precinct votes,"
    "polling,signatures,ballot papers issued at station,ballot papers issued at polling station,"
    "votes cast in person,in person votes,election votes,issued at station,in person ballots,"
    "ballot papers issued"
)
EARLY = _of(
    "early,early ballots,early votes,early voting,early vote,early voting ballots,"
    "early voting votes,ev,ev ballots,ev votes,advance,advanced,advance voting,"
    "advance in person,advanced voting,advance voting votes,early in person,early"
    "in-person,in person early,one stop,one-stop,onestop,one stop votes,eip,in"
    "person absentee,in-person absentee,absentee in person,early_voting,early vote"
    "total,ballots cast early,early voted,early total,early voting total,early"
    "ballots cast"
)
MAIL = _of(
    "mail,mail ballots,mail votes,mail ballots cast,mail in,mail-in,mail in"
    "ballots,mail-in ballots,mail in votes,mail_in,by mail,vote by mail,vbm,vbm"
    "ballots,vbm votes,absentee,absentee ballots,absentee votes,absentee by mail,"
    "absentee mail,absentee ballots cast,abs,absentee by mail votes,postal,postal"
    "votes,postal ballots,accepted,ballots accepted,mail returned,mail ballots returned,"
    "mail ballots received,"
    "ballots returned,absentee returned,absentee ballots returned,mail-in ballots"
    "returned,returned,ballots received,vbm returned,received,mail-in/absentee,"
    "absentee/mail,mail/absentee,absentee_mail,total returned,ab_mb,postal votes returned,postal votes cast"
)
PROVISIONAL = _of(
    "provisional,provisional ballots,provisional votes,prov,provisionals,provisional"
    "ballots cast,total provisional,provisional voting"
)
ALREADY = _of(
    "already_voted,already voted,early and mail,total early and mail,total early,"
    "pre-election ballots,total returned,early and absentee,early/mail,total early"
    "votes,total ballots returned,advance total,running total,cumulative,cumulative"
    "total,total to date,voted to date,ballots to date,total early voting,early and"
    "mail total,total voted,ballots cast to date,cumulative ballots,count,daily"
    "total,votes,voted,ballots,total"
)
ELECTION = _of(
    "election,electionname,election name,election date,electiondate,election_dt,election_date,year,date"
)
METHOD = _of(
    "method,vote method,ballot method,mode,votetype,vote type,counting group,"
    "countinggroup,voting method,vote_mode,reporting type,cast method,count group,"
    "votemethod,counter group"
)
COUNT_DATE = _of(
    "date,as of,as of date,asofdate,day,report date,activity date,count date,vote"
    "date,return date,date returned,returned date,update date,run date,data date"
)

HISTORIES: Words = _with_ours(
    HISTORY,
    {
        "precinct_id": PRECINCT,
        "precinct_name": PRECINCT_NAME,
        "county": COUNTY,
        "election": ELECTION,
        "votes": TOTAL_VOTES,
        "registered": REGISTERED,
        "method": METHOD,
        "in_person": IN_PERSON,
        "early": EARLY,
        "mail": MAIL,
        "provisional": PROVISIONAL,
        "group": GROUP,
        "ward": WARD,
    },
)

LONG: Words = {
    "precinct_id": PRECINCT,
    "precinct_name": PRECINCT_NAME,
    "county": COUNTY,
    "election": ELECTION,
    "office": _of(
        "office,contest,contest name,contestname,race,race name,office name,contest"
        "title,race title,office_name,contest_name,office title"
    ),
    "district": _of("district,dist,district name,office district"),
    "party": _of("party,party code,party name,choice party,party_detailed,party_simplified,candidate party"),
    "candidate": _of(
        "candidate,candidate name,candidatename,choice,choice name,choicename,"
        "selection,option,candidate_name,candidate full name,name on ballot,response,ballot name,"
        "candidate issue,counter type"
    ),
    "votes": _of(
        "votes,total votes,vote,vote count,votes total,total,count,total_votes,vote"
        "total,votecount,candidate votes,number of votes,votes cast,sum of count"
    ),
    "method": METHOD,
    "in_person": IN_PERSON,
    "early": EARLY,
    "mail": MAIL,
    "provisional": PROVISIONAL,
    "group": GROUP,
    "ward": WARD,
    "registered": REGISTERED,
    "ballots_cast": _of("ballots cast,total ballots cast,ballotscast,precinct ballots cast,ballots"),
}

VOTER_ID = _of(
    "voter_id,voterid,voterfileid,voter file id,voter file vanid,vanid,myv_vanid,"
    "myvvanid,vanid#,statefileid,state file id,state voter id,statevoterid,"
    "state_voter_id,sos_voterid,sosvoterid,sosid,state id,voter registration number,"
    "voter reg num,voter_reg_num,voter registration #,voter registration no,"
    "registration number,registration_number,reg num,regnum,regn_num,registrantid,"
    "registrant id,ncid,vuid,unique voter id,voter number,voter no,voter num,"
    "idnumber,id number,id_number,voter unique id,lalvoterid,lal voter id,dwid,"
    "dw_id,county voter id,county_voter_id,voter_identification,id_voter,voter reg"
    "no,voter registration id,voter id number,voterfilevanid,fvrs id,sure id,"
    "voter registered number,voter reg number,vrn,"
    "identification number,state file number,voter file number,rncid,nationbuilder id,signup id,"
    "certificate number,elector id,elector number reference,externalid,external id,"
    "id"
)
FULL_NAME = _of(
    "name,full name,fullname,voter name,votername,voter_name,elector name,elector"
    "full name,name full,registrant name,watcher,watcher name,volunteer name,"
    "caller,caller name,observer name,observer,name of voter,voter,elector,registrant,"
    "voters name,voter full name,first and last name,first & last name,name first and last"
)
LAST = _of(
    "last_name,lastname,last,last name,surname,voter_last_name,voters_lastname,"
    "elector surname,voter surname,name last,family name,nme_last,last nm,lname,name_last,voter"
    "last name,elector last name,lst_nm"
)
FIRST = _of(
    "first_name,firstname,first,first name,forename,forenames,voter_first_name,"
    "voters_firstname,elector forename,elector forenames,elector first name,"
    "elector firstname,name first,given name,"
    "fname,name_first,first nm,voter first name,elector first name,first names,"
    "given names"
)
MIDDLE = _of(
    "middle_name,middlename,middle,middle name,mi,middle initial,voter_middle_name,"
    "voters_middlename,elector middle name,elector middle names,name middle,mname,"
    "elector initials,initials,middle names,m name"
)
SUFFIX = _of(
    "name_suffix_lbl,suffix,name suffix,namesuffix,voter_suffix,suffix name,"
    "suffix_name,name_suffix,nme_suffix,elector suffix,generation suffix,"
    "voters_namesuffix"
)
PHONES = (
    "phone",
    "cellphone",
    "cell phone",
    "cell",
    "mobile",
    "mobile phone",
    "mobile number",
    "preferred phone",
    "preferredphone",
    "phone number",
    "full_phone_number",
    "phone_number",
    "telephone",
    "telephone number",
    "phone1",
    "phone 1",
    "primary phone",
    "best phone",
    "voterphone",
    "voter phone",
    "home phone",
    "homephone",
    "landline",
    "phone 2",
    "phone2",
    "work phone",
    "phonenum",
    "phone_num",
    "daytime phone",
    "voterstelephones_cellphoneformatted",
    "votertelephones_cellphoneformatted",
    "votertelephones_landlineformatted",
    "tel",
    "contact number",
    "home_phone",
    "area code and phone",
    "cell phone number",
    "mobile phone number",
    "best phone number",
    "telephone no",
    "phone no",
    "phone nu",
)
PHONE = tuple(folded(p) for p in PHONES)
LANGUAGE = _of(
    "language,preferred language,primarylanguage,primary language,lang,language"
    "preference,spoken language,languages"
)

VOTER: Words = _with_ours(
    VOTERS,
    {
        "voter_id": VOTER_ID,
        "precinct_id": PRECINCT,
        "precinct_name": PRECINCT_NAME,
        "county": COUNTY,
        "roll_number": _of(
            "roll_number,roll,roll no,page line,line number,sequence number,electoral roll"
            "number,elector number,electornumber,elector no,elector num,roll sequence,"
            "serial number,serial no,elector's number,register number,electoral number,elno,"
            "poll number,roll num,eno,e no,elector ref"
        ),
        "roll_suffix": _of(
            "elector number suffix,elector suffix number,electornumbersuffix,number suffix,"
            "elector no suffix,suffix number"
        ),
        "roll_prefix": _of(
            "elector number prefix,electornumberprefix,elector prefix,register,register prefix,register code"
        ),
        "name": FULL_NAME,
        "last_name": LAST,
        "first_name": FIRST,
        "middle_name": MIDDLE,
        "suffix": SUFFIX,
        "phone": PHONE,
        "area_code": _of("area code,areacode,area_code,phone area code,area,phone1area,phone area"),
        "exchange": _of("exchange,phone exchange,phone1exchange,phone prefix"),
        "line": _of("phone1numberpart,phone number part,phone line number,phone suffix,phone last four"),
        "language": LANGUAGE,
        "support": _of("support,support score,supportscore,support level"),
        "turnout": _of(
            "turnout,turnout score,turnoutscore,likelihood,gotv score,vote propensity,"
            "propensity,turnout likelihood,gotvscore"
        ),
        "voted": _of("voted,already voted,has voted,early voted,ballot returned,voted early,ballotreceived"),
        "do_not_call": _of("do_not_call,donotcall,do not call,dnc,no call"),
        "timezone": _of("timezone,time zone,tz"),
        "address": _of(
            "address,permanent address,vaddress,voting address,street address,streetaddress,"
            "res_street_address,residential address,residence address,res_add,address 1,"
            "address1,address line 1,residential_address1,residence_addresses_addressline,"
            "property address 1,property address,registered address 1,regaddress,addr1,"
            "elector address,home address,residence_address,residential_address_1,voter"
            "address,address line,mailing address,mail_addr1,regadd1"
        ),
        "house": _of(
            "house number,street number,house_num,house no,residence street number,"
            "street_number,addr_num,residence_house_number,house_number,street no"
        ),
        "street": _of(
            "street name,street_name,residence street name,street,street_nam,"
            "residence_street_name,addr_street"
        ),
        "address2": _of(
            "property address 2,address 2,address2,apt,unit,apartment,apartment number,"
            "registered address 2,addr2,apt unit,residential_address_2,apt/unit,unit number"
        ),
        "city": _of(
            "city,res_city_desc,town,residence city,residential_city,res city,"
            "residence_addresses_city,post town,res_city,residential city,voter city,mail"
            "city"
        ),
        "zip": _of(
            "zip,zip5,zip code,zip_code,zipcode,postcode,postal code,residence zip code,"
            "res zip,residential_zip,residence_addresses_zip,post code,residential zipcode,"
            "residence zip"
        ),
        "birth_year": _of(
            "birth_year,birthyear,year of birth,yob,birth yr,yearofbirth,birth_yr,year_of_birth"
        ),
        "birth_date": _of(
            "birth_date,birthdate,dob,date of birth,date_of_birth,birth dt,voters_birthdate,dateofbirth"
        ),
        "age": _of("age,age_at_year_end,voters_age,age as of election"),
        "status": _of(
            "voter_status_desc,voter status,status,voterstatus,status_cd,registration"
            "status,voter_status,reg status,registrant status,statuscode,status code"
        ),
        "change": _of("change type,changetype,update type,amendment type,amendment,type of change"),
        "deceased": _of("is_deceased,deceased,is deceased"),
        "group": TOWN,
        "ward": WARD,
    },
)

BALLOT_STATUS = _of(
    "ballot_rtn_status,ballot status,ballotstatus,ballot return status,ballot_status,"
    "absentee status,abs status,absreqstatus,vbm status,absentee ballot status,"
    "return status,ballot disposition,mail ballot status,application ballot status,"
    "vote status,mail_ballot_status,vb status,vbm_status,challenged/provisional,"
    "ballot_return_status,av status"
)
BALLOT_DATE = _of(
    "ballot_rtn_dt,ballot return date,ballot returned date,ballot_return_date,ballot"
    "received date,date ballot returned,date ballot received,ballot received,ballot"
    "return dt,received date,returned date,return date,date returned,date received,"
    "date voted,voted date,vote date,voting date,voteddate,ev date,early vote date,"
    "ballot date received,dtreturned,date_received,ballot_received_date,receive_date,"
    "ballotreturneddate,ballotreceiveddate,absreturndate,abs return date,av return"
    "date,activity date,early voted date,check in date,checkin date,ballot rcvd,"
    "check in time,checkin time,check-in time,time voted,voted at,"
    "ballot received on,returned on,voted_date,ballot rec date,date_voted,returned,ballot returned"
)
BALLOT_TYPE = _of(
    "ballot_req_type,ballot_req_delivery_type,ballot type,ballottype,voting method,"
    "vote method,ballot style,ballotstyle,method,vote type,voting type,vote_method,"
    "absentee type,mail ballot type,absentee ballot type,ballot_type,votemethod,"
    "voting_method,application type,how voted,ballot method"
)
BALLOT_ASKED = _of(
    "ballot_req_dt,ballot request date,ballot_request_dt,application date,app date,"
    "ballot issued date,ballot_send_dt,ballot sent date,ballot mailed date,date"
    "ballot mailed,request date,request_date,sent_date,issued date,application"
    "approved date,ballot issued,date issued,date mailed,application status,app"
    "status,ballot mailed,date sent,absentee request date,date requested,mailed"
    "date,req_date"
)
BALLOTS: Words = {
    "voter_id": VOTER_ID,
    "precinct_id": PRECINCT,
    "precinct_name": PRECINCT_NAME,
    "county": COUNTY,
    "name": FULL_NAME,
    "last_name": LAST,
    "first_name": FIRST,
    "middle_name": MIDDLE,
    "suffix": SUFFIX,
    "birth_year": VOTER["birth_year"],
    "birth_date": VOTER["birth_date"],
    "age": VOTER["age"],
    "zip": VOTER["zip"],
    "address": VOTER["address"],
    "roll_number": VOTER["roll_number"],
    "ballot_status": BALLOT_STATUS,
    "ballot_date": BALLOT_DATE,
    "ballot_rejected": _of(
        "rejected,ballot rejected,is rejected,challenged,ballot challenged,voided,spoiled,ballot spoiled"
    ),
    "in_person_date": _of(
        "in person vote date,in_person_vote_date,in-person vote date,date voted in person,in person date,"
        "early voting date,ev vote date,early in person date"
    ),
    "ballot_type": BALLOT_TYPE,
    "ballot_asked": BALLOT_ASKED,
    "group": TOWN,
    "ward": WARD,
    "election": _of(
        "election_dt,election date,electiondate,election_lbl,election label,election name,election,"
        "election_desc,election description"
    ),
}

COUNTS: Words = {
    "precinct_id": PRECINCT,
    "precinct_name": PRECINCT_NAME,
    "county": COUNTY,
    "date": COUNT_DATE,
    "registered": REGISTERED,
    "already": ALREADY,
    "early": EARLY,
    "mail": MAIL,
    "group": GROUP,
    "ward": WARD,
}

# Where somebody votes is not where they watch: read only where nothing else says.
HOME = _of("home precinct,reg precinct,registered precinct,current precinct,voting precinct")
_ASSIGNED = _of("precinct_ids,precinctids,assigned precincts,assigned precinct,precincts")

WATCHER: Words = _with_ours(
    WATCHERS,
    {
        "watcher_id": _of(
            "watcher_id,watcherid,volunteerid,volunteer id,myc_vanid,vanid,observer id,badge,badge number,id"
        ),
        "name": (
            *FULL_NAME,
            *_of(
                "volunteer,watcher,poll watcher,observer,poll observer,challenger,inspector,poll worker,judge"
            ),
            *_of("scrutineer,teller,agent,poll agent,polling agent,election judge"),
        ),
        "last_name": LAST,
        "first_name": FIRST,
        "phone": PHONE,
        "language": LANGUAGE,
        "precinct_ids": (*_ASSIGNED, *(w for w in PRECINCT if w not in {*_ASSIGNED, *HOME}), *HOME),
        "precinct_name": (
            *PRECINCT_NAME,
            *PLACE,
            *_of("assignment,assigned location,assigned polling place,assigned to"),
        ),
        "county": COUNTY,
        "backup_phone": _of(
            "backup_phone,backup phone,second phone,other phone,homephone,home phone,"
            "alternate phone,alt phone,phone 2"
        ),
        "coordinator": _of("coordinator,captain,organizer,supervisor,team lead,lead,county captain"),
        "shift_start": _of(
            "shift_start,shift start,shift begins,starttime,start time,start,shift from,arrive,arrival"
        ),
        "shift_end": _of("shift_end,shift end,shift ends,endtime,end time,end,shift to,leave"),
        "shift": _of("shift,shift time,shift times,shift hours,time slot,hours,which shift"),
    },
)

CALLER: Words = _with_ours(
    CALLERS,
    {
        "caller_id": _of("caller_id,callerid,volunteerid,volunteer id,vanid,myc_vanid,id"),
        "name": (*FULL_NAME, *_of("caller,phone banker,volunteer,canvasser")),
        "last_name": LAST,
        "first_name": FIRST,
        "email_or_phone": (*_of("email_or_phone,contact,email,e-mail,email address,preferred email"), *PHONE),
        "languages": LANGUAGE,
        "counties": _of("counties,county,countyname,county name"),
        "elsewhere": _of("elsewhere,other counties"),
    },
)

WORDS_OF: Mapping[str, Words] = {
    "registration": REGISTRATION,
    "polling places": PLACES,
    "turnout": HISTORIES,
    "results, long": LONG,
    "results, wide": HISTORIES,
    "voters": VOTER,
    "early ballots": BALLOTS,
    "early totals": COUNTS,
    "watchers": WATCHER,
    "callers": CALLER,
}

KNOWN: frozenset[str] = frozenset(
    word for words in WORDS_OF.values() for several in words.values() for word in several
) | frozenset(_of("scope,share,observed_at,received_at,kind,note,source,dem,rep,democrat,republican,time"))

_SHORTEST_WORD = 4
WAYS = frozenset({*IN_PERSON, *EARLY, *MAIL, *PROVISIONAL})


@lru_cache(maxsize=4096)
def known_key(heading: str) -> str:
    """A heading folded, as the vocabulary knows it: `# of Reg. Voters` is `registeredvoters`.

    Of counts at hours of the day, as `Votanti ore 23`, the hour is taken off.
    """
    key = folded(heading)
    if ON_A_LIST.search(heading):
        return key
    heading = without_hour(heading)
    if key in KNOWN and "#" not in heading:  # `Voter #` is no voter
        return key
    ways = (k for k in counted_by(heading) if k in WAYS)
    made = (composed(heading), of_people(heading))
    meant = chain(spellings(heading), in_english(heading), ways, made, corrected(heading))
    return next((k for k in meant if k in KNOWN), "") or _first_tongue(heading) or key


def _first_tongue(heading: str) -> str:
    """What a heading in two languages says, as `Phone/Teléfono`; empty where it is two things."""
    first, mark, second = heading.partition("/")
    if not mark or min(len(first), len(second)) < _SHORTEST_WORD or folded(second) in KNOWN:
        return ""
    found = known_key(first.strip())
    return found if found in KNOWN and known_key(second.strip()) in ({found} | {folded(second)}) else ""


def columns_of(headings: Sequence[str], words: Words) -> dict[str, int]:
    """Field to place. A field's best word wins; a column serves one field, the earlier in `words`.

    A column called exactly as a field is that field's, whatever other field would have it.
    """
    places: dict[str, int] = {}
    meant: dict[str, int] = {}  # as it is written comes before as it is meant
    for place, heading in enumerate(headings):
        if heading:
            places.setdefault(known_key(heading) if "#" in heading else folded(heading), place)
            meant.setdefault(known_key(heading), place)
    own = {folded(name): name for name in words}
    both = {**meant, **places}
    found: dict[str, int] = {}
    taken: set[int] = set()
    for key, name in own.items():
        if key in places and key in words[name]:
            found[name] = places[key]
            taken.add(places[key])
    for name, synonyms in words.items():
        word = next((w for w in synonyms if w in both and both[w] not in taken), None)
        if name not in found and word is not None:
            found[name] = both[word]
            taken.add(both[word])
    return found


def all_of(headings: Sequence[str], words: Iterable[str]) -> list[int]:
    """Places of every column that one of the words names, in the words' order."""
    keys = [known_key(h) for h in headings]
    order: dict[int, None] = {}
    for word in words:
        for place, key in enumerate(keys):
            if key == word:
                order.setdefault(place)
    return list(order)
